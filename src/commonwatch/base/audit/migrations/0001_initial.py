# The table was made by the accounts' first migration and keeps its name and its rows.

from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('accounts', '0001_initial'),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.CreateModel(
                    name='AuditEntry',
                    fields=[
                        ('id', models.AutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('at_us', models.BigIntegerField(db_index=True)),
                        ('actor', models.CharField(max_length=200)),
                        ('address', models.CharField(default='', max_length=45)),
                        ('action', models.CharField(max_length=64)),
                        ('subject', models.CharField(default='', max_length=300)),
                        ('outcome', models.CharField(max_length=16)),
                        ('detail', models.JSONField(default=dict)),
                    ],
                    options={
                        'db_table': 'accounts_audit',
                    },
                ),
            ],
        ),
    ]
