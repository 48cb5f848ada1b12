"""What was kept as evidence before rested on whoever had sent it: it goes, and is found again where it holds."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('transparency', '0001_initial'),
    ]

    operations = [
        migrations.DeleteModel(name='Evidence'),
        migrations.CreateModel(
            name='Asked',
            fields=[
                ('vkey', models.CharField(max_length=3000, primary_key=True, serialize=False)),
                ('size', models.BigIntegerField(default=0)),
                ('at_us', models.BigIntegerField(default=0)),
                ('failures', models.IntegerField(default=0)),
                ('next_try_us', models.BigIntegerField(default=0)),
                ('last_error', models.TextField(default='')),
            ],
            options={
                'db_table': 'transparency_asked',
            },
        ),
        migrations.CreateModel(
            name='Evidence',
            fields=[
                ('id', models.AutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('origin', models.CharField(max_length=300)),
                ('code', models.CharField(max_length=40)),
                ('observer', models.CharField(max_length=300)),
                ('file', models.BinaryField()),
                ('at_us', models.BigIntegerField()),
                ('digest', models.CharField(max_length=64, unique=True)),
            ],
            options={
                'db_table': 'transparency_evidence',
            },
        ),
        migrations.CreateModel(
            name='Round',
            fields=[
                ('id', models.AutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('note', models.BinaryField(default=b'')),
                ('at_us', models.BigIntegerField(default=0)),
                ('quorate', models.BinaryField(default=b'')),
                ('quorate_us', models.BigIntegerField(default=0)),
            ],
            options={
                'db_table': 'transparency_round',
            },
        ),
        migrations.CreateModel(
            name='Seen',
            fields=[
                ('origin_hash', models.CharField(max_length=64, primary_key=True, serialize=False)),
                ('note', models.BinaryField(default=b'')),
                ('at_us', models.BigIntegerField(default=0)),
                ('failures', models.IntegerField(default=0)),
                ('next_try_us', models.BigIntegerField(default=0)),
                ('last_error', models.TextField(default='')),
            ],
            options={
                'db_table': 'transparency_seen',
            },
        ),
        migrations.CreateModel(
            name='Suspect',
            fields=[
                ('origin_hash', models.CharField(max_length=64, primary_key=True, serialize=False)),
                ('note', models.BinaryField()),
                ('at_us', models.BigIntegerField()),
            ],
            options={
                'db_table': 'transparency_suspect',
            },
        ),
        migrations.AddField(
            model_name='watchedlog',
            name='url',
            field=models.TextField(default=''),
        ),
    ]
