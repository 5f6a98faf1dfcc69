"""Logs simple-salesforce in by JWT bearer. The library is used as it is; only the transport below it is another."""

import json
import sys
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from simple_salesforce import Salesforce


class Loopback(HTTPAdapter):
    """Takes what is addressed to https://… to the simulator: the library writes https into every URL."""

    def __init__(self, url):
        super().__init__()
        self.url = url

    def send(self, request, **options):
        path = urlsplit(request.url)
        request.url = self.url + path.path + (f"?{path.query}" if path.query else "")
        return super().send(request, **options)


def transport(document):
    session = requests.Session()
    session.trust_env = False
    session.mount("https://", Loopback(document["login_url"]))
    return session


def connect(document):
    identity = document["revoker"]
    return Salesforce(
        username=identity["username"],
        consumer_key=identity["client_id"],
        privatekey=identity["private_key"],
        version=document["api_version"],
        session=transport(document),
    )


def asked():
    """What a test or the benchmark writes on standard input: one JSON object."""
    return json.load(sys.stdin)
