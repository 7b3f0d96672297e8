"""Django REST framework with Simple JWT: pairs under /api/token/, sliding tokens under /api/sliding/."""

import os
from datetime import timedelta

from django_server import LIFETIME, configure, serve

configure(
    ["rest_framework", "rest_framework_simplejwt.token_blacklist"],
    REST_FRAMEWORK={
        "DEFAULT_AUTHENTICATION_CLASSES": ["rest_framework_simplejwt.authentication.JWTAuthentication"],
        "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
        "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    },
    SIMPLE_JWT={
        "ACCESS_TOKEN_LIFETIME": timedelta(seconds=LIFETIME),
        "SLIDING_TOKEN_LIFETIME": timedelta(seconds=LIFETIME),
        "ROTATE_REFRESH_TOKENS": os.environ.get("ROTATE") != "0",
        "BLACKLIST_AFTER_ROTATION": True,
        "AUTH_TOKEN_CLASSES": [
            "rest_framework_simplejwt.tokens.AccessToken",
            "rest_framework_simplejwt.tokens.SlidingToken",
        ],
    },
)

from django.urls import path  # noqa: E402
from rest_framework.decorators import api_view  # noqa: E402
from rest_framework.response import Response  # noqa: E402
from rest_framework_simplejwt import views  # noqa: E402


@api_view(["GET"])
def me(request):
    return Response({"username": request.user.username})


urlpatterns = [
    path("api/token/", views.TokenObtainPairView.as_view()),
    path("api/token/refresh/", views.TokenRefreshView.as_view()),
    path("api/token/blacklist/", views.TokenBlacklistView.as_view()),
    path("api/sliding/token/", views.TokenObtainSlidingView.as_view()),
    path("api/sliding/refresh/", views.TokenRefreshSlidingView.as_view()),
    path("api/me/", me),
]

serve()
