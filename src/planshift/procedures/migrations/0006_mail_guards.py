"""Mails are evidence: what went out and what came in stays as it was."""

from django.db import migrations

from planshift.runtime import guards


class Migration(migrations.Migration):
    dependencies = [("procedures", "0005_mail"), ("runtime", "0002_guards")]
    operations = [
        guards.frozen("procedures_outgoingmail", but=["state", "round", "sent_at", "receipt", "trouble"]),
        guards.append_only("procedures_incomingmail"),
        guards.append_only("procedures_maildecision"),
    ]
