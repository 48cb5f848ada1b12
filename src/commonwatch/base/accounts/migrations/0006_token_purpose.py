from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0005_no_communities_of_accounts'),
    ]

    operations = [
        migrations.AddField(
            model_name='token',
            name='purpose',
            field=models.CharField(default='network-defence', max_length=30),
        ),
    ]
