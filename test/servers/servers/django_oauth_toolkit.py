"""django-oauth-toolkit: the password and refresh token grants for the public client `spa`, and an API on Django REST
framework."""

from django_server import LIFETIME, configure, serve

configure(
    ["oauth2_provider", "rest_framework"],
    OAUTH2_PROVIDER={"ACCESS_TOKEN_EXPIRE_SECONDS": LIFETIME},
    REST_FRAMEWORK={
        "DEFAULT_AUTHENTICATION_CLASSES": ["oauth2_provider.contrib.rest_framework.OAuth2Authentication"],
        "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
        "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    },
)

from django.urls import path  # noqa: E402
from oauth2_provider.models import Application  # noqa: E402
from oauth2_provider.views import RevokeTokenView, TokenView  # noqa: E402
from rest_framework.decorators import api_view  # noqa: E402
from rest_framework.response import Response  # noqa: E402

Application.objects.create(
    client_id="spa",
    client_type=Application.CLIENT_PUBLIC,
    authorization_grant_type=Application.GRANT_PASSWORD,
)


@api_view(["GET"])
def me(request):
    return Response({"username": request.user.username})


urlpatterns = [
    path("o/token/", TokenView.as_view()),
    path("o/revoke_token/", RevokeTokenView.as_view()),
    path("api/me/", me),
]

serve()
