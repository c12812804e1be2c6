"""The dashboard's router; `evolve ui` serves it."""

import sys
from pathlib import Path

import streamlit as st

ROOT = str(Path(__file__).resolve().parent.parent)
if ROOT not in sys.path:  # the path has the script's folder, but not always the project's
    sys.path.append(ROOT)

from ui import theme  # noqa: E402

PAGES = (
    st.Page("views/runs.py", title="Runs", icon=":material/list_alt:", default=True),
    st.Page("views/run.py", title="Run", icon=":material/monitoring:", url_path="run"),
    st.Page("views/program.py", title="Program", icon=":material/code:", url_path="program"),
    st.Page("views/compare.py", title="Compare", icon=":material/compare_arrows:", url_path="compare"),
    st.Page("views/problems.py", title="Problems", icon=":material/extension:", url_path="problems"),
    st.Page("views/playground.py", title="Playground", icon=":material/science:", url_path="playground"),
    st.Page("views/settings.py", title="Settings & cost", icon=":material/settings:", url_path="settings"),
)

st.set_page_config(page_title="evolve", page_icon=str(Path(__file__).with_name("icon.svg")), layout="wide")
if Path(sys.argv[0]).resolve() == Path(__file__).resolve():  # `streamlit run ui/app.py`: there is no access control
    st.error("Start the dashboard with `evolve ui`, which protects it with a token.")
    st.stop()
theme.style()
st.navigation(list(PAGES), position="top").run()
