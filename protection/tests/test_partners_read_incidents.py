"""/v1/incidents and /v1/consistency: to read, by scope, and of one's own shop only."""

import pytest

from backoffice.models import ApiKey, Partner
from orders.tests.builders import make_shop
from protection.models import Incident
from protection.tests.builders import decide, make_agent
from protection.tests.incidents import real_claims
from protection.tests.test_the_claims_of_an_incident_are_decided_together import incident_of

pytestmark = pytest.mark.django_db


def get(client, path: str, *scopes: str, shop: str = ""):
    partner, _ = Partner.objects.get_or_create(name="insight")
    _, secret = ApiKey.issue(partner, list(scopes or ("incidents:read", "claims:read")), shop)
    return client.get(path, headers={"authorization": f"Bearer {secret}"})


def test_incidents_are_listed_and_one_names_its_claims(client):
    claims = real_claims(2)
    incident = incident_of(claims)
    listed = get(client, "/v1/incidents?status=confirmed&kind=lane").json()["data"]
    assert [(one["id"], one["carrier"], one["claim_count"]) for one in listed] == [(incident.public_id, "DHL", 2)]
    assert get(client, "/v1/incidents?status=open").json()["data"] == []
    one = get(client, f"/v1/incidents/{incident.public_id}").json()
    assert one["claims"] == [claim.public_id for claim in claims]
    assert one["sentence"] == "Many claims on DHL DE→FR."


def test_who_may_not_and_what_is_not_there(client):
    incident = incident_of(real_claims(1))
    path = f"/v1/incidents/{incident.public_id}"
    assert client.get(path).status_code == 401
    assert get(client, path, "claims:read").status_code == 403
    assert get(client, path, shop=make_shop("other.myshopify.com").domain).status_code == 404
    assert get(client, "/v1/incidents", shop="other.myshopify.com").json()["data"] == []
    assert get(client, "/v1/incidents?status=nonsense").status_code == 400
    assert get(client, "/v1/incidents/inc_none").status_code == 404
    assert Incident.objects.count() == 1


def test_consistency_tells_reasons_and_no_names(client):
    decide(real_claims(1)[0], make_agent("ana", None))
    answer = get(client, "/v1/consistency?days=30").json()
    assert answer["reasons"] == [
        {"name": "Lost in transit", "decided": 1, "comparable": 0, "differed": 0, "appealed": 0, "overturned": 0}
    ]
    assert "ana" not in str(answer)
    assert get(client, "/v1/consistency?days=1").status_code == 400
    assert get(client, "/v1/consistency", shop="other.myshopify.com").json()["reasons"] == []
