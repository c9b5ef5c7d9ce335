"""localstripe on a loopback port, as a process: `python tests/ports/local_stripe.py PORT`.

localstripe 1.15 keeps payment intents, charges and signed webhooks itself. It lacks two things, which stand in here and
nothing else does: Checkout sessions (404 there) and the Idempotency-Key header (ignored there). It also listens on all
addresses and keeps its store in a file: here it listens on 127.0.0.1 and keeps nothing.
"""

import sys

from aiohttp import web
from localstripe import resources, server

_sessions: dict[str, resources.PaymentIntent] = {}
_by_key: dict[str, web.Response] = {}


async def create_session(request: web.Request) -> web.Response:
    """POST /v1/checkout/sessions: a session with its payment intent; the same idempotency key gives the same one."""
    key = request.headers.get("Idempotency-Key", "")
    data = await server.get_post_data(request)
    if key in _by_key:
        return web.json_response(_by_key[key])
    (item,) = data["line_items"]
    price = item["price_data"]
    intent = resources.PaymentIntent._api_create(
        amount=int(price["unit_amount"]) * int(item["quantity"]),
        currency=price["currency"],
        metadata=data["payment_intent_data"]["metadata"],
    )
    session = f"cs_test_{len(_sessions) + 1}"
    _sessions[session] = intent
    _by_key[key] = {
        "id": session,
        "object": "checkout.session",
        "payment_intent": intent.id,
        "url": f"http://localhost:{request.url.port}/checkout/{session}",
        "success_url": data["success_url"],
    }
    return web.json_response(_by_key[key])


async def pay(request: web.Request) -> web.Response:
    """POST /_config/checkout/SESSION/CARD: what the client does on Stripe's page, with one of Stripe's test cards."""
    intent = _sessions[request.match_info["session"]]
    intent.payment_method = resources.PaymentMethod._api_retrieve(request.match_info["card"]).id
    try:
        resources.PaymentIntent._api_confirm(intent.id)
    except server.UserError:
        return web.json_response({"paid": False, "id": intent.id})
    return web.json_response({"paid": True, "id": intent.id})


if __name__ == "__main__":
    resources.Store.dump_to_disk = lambda self: None
    server.app.router.add_post("/v1/checkout/sessions", create_session)
    server.app.router.add_post("/_config/checkout/{session}/{card}", pay)
    web.run_app(server.app, host="127.0.0.1", port=int(sys.argv[1]), print=None)
