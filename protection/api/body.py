"""What endpoints of protection share: text that can be stored, filters, and a named problem for each fault."""

from collections.abc import Mapping
from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.request import Request

from backoffice.rest.pages import time_of
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


def among(request: Request, rows: QuerySet[Any], filters: Mapping[str, tuple[str, Any]]) -> QuerySet[Any]:
    """Rows by the query parameters of `filters` (name → column and the choices it takes); raises Problem for others."""
    for name, (column, words) in filters.items():
        if value := request.query_params.get(name):
            if value not in words.values:
                allowed = ", ".join(word for word in words.values if word)
                raise Problem(400, "invalid_parameter", f"{name} must be one of {allowed}.", name)
            rows = rows.filter(**{column: value})
    return rows


def since(request: Request, rows: QuerySet[Any]) -> QuerySet[Any]:
    """Rows by `updated_since` and `created_at[gte]`; raises Problem for what is no time."""
    for name, column in (("updated_since", "updated_at__gte"), ("created_at[gte]", "created_at__gte")):
        if moment := time_of(request, name):
            rows = rows.filter(**{column: moment})
    return rows
