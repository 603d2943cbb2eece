#!/usr/bin/python3
"""The application of uwsgi-app.py as a CGI program."""

import os
import runpy
from wsgiref.handlers import CGIHandler

APP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "uwsgi-app.py")

CGIHandler().run(runpy.run_path(APP)["application"])
