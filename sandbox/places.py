"""Addresses as the Admin API takes them: codes in, names beside them out."""

from typing import Any

Document = dict[str, Any]

# Enough for demonstrations; for any other code the code itself stands for the name.
COUNTRIES = {
    "AE": "United Arab Emirates", "AU": "Australia", "CA": "Canada", "CH": "Switzerland", "DE": "Germany",
    "ES": "Spain", "FR": "France", "GB": "United Kingdom", "HK": "Hong Kong SAR", "IT": "Italy", "JP": "Japan",
    "NL": "Netherlands", "US": "United States",
}  # fmt: skip
PROVINCES = {
    ("US", "CA"): "California", ("US", "NY"): "New York", ("US", "IL"): "Illinois", ("US", "OR"): "Oregon",
    ("US", "TX"): "Texas", ("US", "WA"): "Washington", ("US", "FL"): "Florida", ("CA", "ON"): "Ontario",
    ("CA", "QC"): "Quebec", ("JP", "JP-13"): "Tokyo",
}  # fmt: skip

SAME = {
    "firstName": "first_name",
    "lastName": "last_name",
    "company": "company",
    "address1": "address1",
    "address2": "address2",
    "city": "city",
    "zip": "zip",
    "phone": "phone",
}


def address_of(given: Document | None) -> Document | None:
    """A ``MailingAddressInput`` in the form addresses are kept in."""
    if given is None:
        return None
    country, province = given.get("countryCode"), given.get("provinceCode")
    return {
        **{kept: given.get(name) for name, kept in SAME.items()},
        "country_code": country,
        "country": COUNTRIES.get(country or "", country),
        "province_code": province,
        "province": PROVINCES.get((country or "", province or ""), province),
        "latitude": None,
        "longitude": None,
    }
