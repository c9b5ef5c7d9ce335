"""What does a visitor of a site get? One request by address, past any name service and any proxy of ours."""

import requests

SECONDS = 5.0


class HttpWeb:
    """The `Web` port."""

    def visit(self, *, address: str, name: str) -> int:
        """As the port says. Redirections are answers; bodies are not read."""
        host = f"[{address}]" if ":" in address else address
        with requests.Session() as session:
            session.trust_env = False
            try:
                headers = {"Host": name, "User-Agent": "Planshift", "Connection": "close"}
                answer = session.get(
                    f"http://{host}/", headers=headers, timeout=SECONDS, allow_redirects=False, stream=True
                )
                answer.close()
            except requests.RequestException:
                return 0
            return answer.status_code
