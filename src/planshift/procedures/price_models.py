"""Which day did a letter about a new price name?"""

from django.db import models


class PriceLetter(models.Model):
    """The day from which a higher price holds, as its letter named it: whatever the policy says later. Letters that
    are older than this table have no row."""

    mail = models.OneToOneField("procedures.OutgoingMail", on_delete=models.PROTECT, related_name="price_letter")
    begins_on = models.DateField()

    def __str__(self) -> str:
        return f"{self.mail_id} {self.begins_on}"
