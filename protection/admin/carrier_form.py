"""Carriers and terms as people write them: words with commas, texts one a line, where lists are stored."""

from typing import Any, ClassVar

from django import forms

from protection.models import Carrier, CarrierTerms, Claim, ReasonRule


class SecureURL(forms.URLField):
    """An address; one that is typed without its scheme is meant with https."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(assume_scheme="https", **kwargs)


class ListField(forms.CharField):
    """A list of texts, typed with `between` them."""

    between: ClassVar[str] = "\n"
    shown: ClassVar[str] = "\n"

    def __init__(self, *, encoder: Any = None, decoder: Any = None, **kwargs: Any) -> None:
        super().__init__(empty_value="", **kwargs)  # a JSON column hands on how it is written; a list needs neither

    def prepare_value(self, value: Any) -> Any:
        return self.shown.join(map(str, value)) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        typed = super().to_python(value) or ""
        return [part.strip() for part in typed.split(self.between) if part.strip()]

    def has_changed(self, initial: Any, data: Any) -> bool:
        return bool(self.to_python(data or "") != (initial or []))


class WordsField(ListField):
    """Words of the program, with commas between."""

    between = ","
    shown = ", "


class CarrierForm(forms.ModelForm):
    class Meta:
        model = Carrier
        fields = ("name", "aliases")
        field_classes: ClassVar[dict[str, Any]] = {"aliases": ListField}
        help_texts: ClassVar[dict[str, str]] = {"aliases": "Its other names on parcels, one a line"}


class CarrierTermsForm(forms.ModelForm):
    class Meta:
        model = CarrierTerms
        fields = (
            "carrier", "service", "region", "effective_from", "opens_from", "opens_after", "closes_from",
            "closes_after", "cover", "cover_currency", "goods_at", "cost_percent", "label", "reasons",
            "misdelivered_only", "url", "email", "documents", "note",
        )  # fmt: skip
        field_classes: ClassVar[dict[str, Any]] = {
            "opens_from": WordsField,
            "closes_from": WordsField,
            "reasons": WordsField,
            "documents": ListField,
            "url": SecureURL,
        }
        help_texts: ClassVar[dict[str, str]] = {
            "opens_from": f"The first that is known counts, of: {', '.join(ReasonRule.Anchor.values)}",
            "closes_from": "The same for the last day",
            "reasons": f"Reasons of claims it pays for, of: {', '.join(Claim.Reason.values)}",
            "documents": "What it asks for, one a line",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("opens_from", "closes_from", "reasons"):
            if name in self.fields:  # a form to read has none
                self.fields[name].widget.attrs["rows"] = 1
