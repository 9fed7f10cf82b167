"""A client that openapi-python-client generated calls the server:
python3 generated_client.py FOLDER URL, where FOLDER has the package mock_client"""

import sys

folder, url = sys.argv[1:]
sys.path.insert(0, folder)

from mock_client import Client
from mock_client.api.default import (
    get_fixtures,
    get_health,
    issue_code,
    list_requests,
    put_client,
    put_scenario,
    replace_fixtures,
)
from mock_client.models import (
    ClientRequest,
    CodeRequest,
    ListRequestsHeader,
    Outcome,
    Problem,
    Scenario,
)
from mock_client.models.recorded_endpoint import RecordedEndpoint

client = Client(base_url=url, raise_on_unexpected_status=True)

health = get_health.sync(client=client)
assert health.status == "ok", health

# The id is in the path, so the body does not need it.
new = put_client.sync(id="generated", client=client, body=ClientRequest(secret="s"))
assert new.id == "generated" and "reporting" in new.scopes, new

code = issue_code.sync(
    client=client, body=CodeRequest(client_id="generated", merchant_id="rahulrama")
)
assert len(code.code) > 20 and code.expires_at, code

problem = issue_code.sync(
    client=client, body=CodeRequest(client_id="nobody", merchant_id="rahulrama")
)
assert isinstance(problem, Problem) and problem.errors[0].pointer == "/client_id", problem

scenario = Scenario(respond=Outcome(error="teapot", status=418), times=2)
state = put_scenario.sync(name="teapot", client=client, body=scenario)
assert (state.name, state.remaining) == ("teapot", 2), state

fixtures = get_fixtures.sync(client=client)
assert replace_fixtures.sync(client=client, body=fixtures) == fixtures

page = list_requests.sync(
    client=client, limit=5, status=400, endpoint=RecordedEndpoint.RECORDED_ENDPOINT_TOKEN
)
assert page.total == 0 and page.requests == [], page

with_header = ListRequestsHeader.from_dict({"header.x-test": "*"})
page = list_requests.sync(client=client, header=with_header)
assert page.total == 0, page

print("completed")
