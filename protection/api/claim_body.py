"""What a partner sends to file a claim."""

from typing import Any

from rest_framework import serializers

from orders.snapshot import Address
from protection.api.body import PlainText
from protection.models import Claim
from protection.models.reason_rule import REMEDIES


class ItemInput(serializers.Serializer[Any]):
    line_item = PlainText(max_length=64, help_text="Our id (li_…) or the shop's line item id")
    quantity = serializers.IntegerField(min_value=1, max_value=1_000_000)


class ChoiceInput(serializers.Serializer[Any]):
    remedy = serializers.ChoiceField(choices=list(REMEDIES))
    variant_id = serializers.RegexField(r"^[0-9]{1,18}$", required=False, help_text="For an exchange: the shop's id")


class AddressInput(serializers.Serializer[Any]):
    """A postal address in the shape orders have; what a parcel cannot do without is required."""

    first_name = PlainText(max_length=255, required=False, allow_blank=True)
    last_name = PlainText(max_length=255, required=False, allow_blank=True)
    company = PlainText(max_length=255, required=False, allow_blank=True)
    address1 = PlainText(max_length=255)
    address2 = PlainText(max_length=255, required=False, allow_blank=True)
    city = PlainText(max_length=255)
    province = PlainText(max_length=255, required=False, allow_blank=True)
    province_code = PlainText(max_length=16, required=False, allow_blank=True)
    zip = PlainText(max_length=32, required=False, allow_blank=True)
    country = PlainText(max_length=255, required=False, allow_blank=True)
    country_code = serializers.RegexField(r"^[A-Z]{2}$")
    phone = PlainText(max_length=64, required=False, allow_blank=True)

    def validate(self, attrs: dict[str, Any]) -> dict[str, str]:
        """The whole address, with what was left out as empty text."""
        return Address(**attrs).as_json()


class ClaimInput(serializers.Serializer[Any]):
    order = PlainText(max_length=40, help_text="ord_…")
    reason = serializers.ChoiceField(choices=Claim.Reason.choices)
    items = serializers.ListField(child=ItemInput(), allow_empty=False, max_length=250)
    description = PlainText(max_length=10_000, required=False, allow_blank=True, default="")
    choices = serializers.ListField(child=ChoiceInput(), max_length=10, required=False, default=list)
    ship_to = AddressInput(required=False, allow_null=True, default=None)
    happened_on = serializers.DateField(required=False, allow_null=True, default=None)
