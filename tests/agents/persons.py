"""A person's own program on the wire."""

from datetime import timedelta
from typing import Any

from django.contrib.auth.models import AbstractUser
from django.test import Client

from reviews.models.personal_token import TokenScope
from reviews.services.personal_tokens import make_token

PATH = "/api/v1/reviews"


class PersonClient:
    def __init__(self, user: AbstractUser, *scopes: str) -> None:
        self.http = Client()
        self.row, self.token = make_token(
            user, label="script", scopes=scopes or TokenScope.values, life=timedelta(days=1)
        )

    def get(self, path: str = "", **query: str) -> Any:
        return self.http.get(f"{PATH}{path}", query, headers=self._headers())

    def post(self, path: str, body: Any = None) -> Any:
        return self.http.post(
            f"{PATH}{path}",
            data={} if body is None else body,
            content_type="application/json",
            headers=self._headers(),
        )

    def next(self) -> dict[str, Any]:
        answer = self.post("/claim-next")
        assert answer.status_code == 200, answer.content
        return answer.json()

    def decide(self, review: dict[str, Any], verdict: str = "approve", **more: Any) -> Any:
        """On exactly what the program was shown."""
        seen = {name: review[name] for name in ("revision", "digest") if name in review}
        return self.post(f"/{review['id']}/decide", {"verdict": verdict, **seen, **more})

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}
