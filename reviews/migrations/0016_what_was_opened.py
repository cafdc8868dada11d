from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("reviews", "0015_reports")]

    operations = [
        migrations.AddField("decision", "opened", models.JSONField(default=list)),
    ]
