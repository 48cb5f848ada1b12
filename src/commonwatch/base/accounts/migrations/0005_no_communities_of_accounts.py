import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0004_members_for_accounts'),
    ]

    operations = [
        migrations.AlterField(
            model_name='account',
            name='member',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='accounts', to='parties.member'),
        ),
        migrations.RemoveField(
            model_name='account',
            name='communities',
        ),
    ]
