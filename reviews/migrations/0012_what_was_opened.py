from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("reviews", "0011_questions_offers_and_skips")]

    operations = [
        migrations.AddField("decision", "opened", models.JSONField(default=list)),
    ]
