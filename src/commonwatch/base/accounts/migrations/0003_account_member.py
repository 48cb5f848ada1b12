import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0002_audit_has_its_own_room'),
        ('parties', '0002_members_and_agreements'),
    ]

    operations = [
        migrations.AddField(
            model_name='account',
            name='member',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='accounts', to='parties.member'),
        ),
    ]
