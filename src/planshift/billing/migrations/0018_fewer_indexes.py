"""Nobody looks for the beginning of an order's number or payment reference; both are random, so that each order wrote to
one more page of each index."""

from django.db import migrations

from planshift.runtime import indexes


class Migration(migrations.Migration):
    dependencies = [("billing", "0017_guard_releases")]

    operations = [
        indexes.without_beginnings("billing_order_number_121699aa_like", table="billing_order", column="number"),
        indexes.without_beginnings(
            "billing_order_payment_reference_530ba4f2_like", table="billing_order", column="payment_reference"
        ),
    ]
