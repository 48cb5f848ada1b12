import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('intake', '0001_initial'),
        ('parties', '0002_members_and_agreements'),
    ]

    operations = [
        migrations.AddField(
            model_name='source',
            name='member',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='parties.member'),
        ),
    ]
