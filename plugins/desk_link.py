"""A link to the desk in Airflow's navigation. It is a link and nothing else: the desk's code and rights stay out of Airflow."""

from __future__ import annotations

from airflow.plugins_manager import AirflowPlugin
from public_credit.base import settings


class DeskLink(AirflowPlugin):
    """工作台 in the menu Browse; opens in a page of its own, as nothing of it may be framed.

    At the top level of the navigation Airflow (3.3) draws what leads outside as a button that does nothing when it is clicked.
    """

    name = "public_credit_desk"
    external_views = [
        {
            "name": "工作台",
            "href": settings.current().desk_url or f"http://127.0.0.1:{settings.current().desk_port or 8090}",
            "destination": "nav",
            "category": "browse",
        }
    ]
