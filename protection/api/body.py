"""What every endpoint of protection does with a body: text that can be stored, and a named problem for each fault."""

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request

from backoffice.rest.problems import Problem


class PlainText(serializers.CharField):
    """Text that PostgreSQL can hold; DRF refuses NUL already, lone surrogates are refused here."""

    def to_internal_value(self, data: Any) -> str:
        value: str = super().to_internal_value(data)
        try:
            value.encode()
        except UnicodeEncodeError:
            raise serializers.ValidationError("This text holds characters that are not valid Unicode.") from None
        return value


def valid(serializer: type[serializers.Serializer[Any]], request: Request) -> dict[str, Any]:
    """The request's body as the serializer cleans it; raises ValidationError, answered as a problem with pointers."""
    if not isinstance(request.data, dict):
        raise Problem(400, "invalid_request", "Send a JSON object.")
    checked = serializer(data=request.data)
    checked.is_valid(raise_exception=True)
    return dict(checked.validated_data)
