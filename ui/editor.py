"""A Python editor: a text area with line numbers that keeps indentation and indents by Tab. Loads nothing from other servers."""

from __future__ import annotations

from typing import Any

import streamlit as st

_HTML = '<div class="editor"><pre aria-hidden="true"></pre><textarea spellcheck="false" autocapitalize="off"></textarea></div>'
_CSS = """
.editor {display: flex; height: 35rem; box-sizing: border-box; overflow: hidden;
  border: 1px solid var(--st-border-color); border-radius: 6px; background: var(--st-code-background-color);}
.editor:focus-within {border-color: var(--st-primary-color);}
pre, textarea {font: 0.86rem/1.5 var(--st-code-font, monospace); margin: 0; padding: .6rem .6rem; tab-size: 4;}
pre {text-align: right; opacity: .7; user-select: none; overflow: hidden; min-width: 1.6rem; color: var(--st-text-color);}
textarea {flex: 1; border: 0; outline: 0; resize: none; background: transparent; color: var(--st-text-color);
  white-space: pre; overflow: auto;}
"""
# After Escape, Tab moves the focus, so that the keyboard is not trapped. The version distinguishes a newly loaded program
# from text sent back by the server, so that typing is never overwritten.
_JS = """
export default function (component) {
  const { setStateValue, parentElement, data } = component;
  const area = parentElement.querySelector('textarea');
  const gutter = parentElement.querySelector('pre');
  area.setAttribute('aria-label', data.label);
  const number = () => {
    const lines = area.value.split('\\n').length;
    gutter.textContent = Array.from({ length: lines }, (_, k) => k + 1).join('\\n') + '\\n\\n';
    gutter.scrollTop = area.scrollTop;
  };
  if (area.dataset.version !== data.version) {
    area.dataset.version = data.version;
    area.value = data.text;
  }
  number();
  const send = () => {
    clearTimeout(area.timer);
    if (area.value !== area.sent) { area.sent = area.value; setStateValue('text', area.value); }
  };
  const put = (text, back = 0) => {
    area.setRangeText(text, area.selectionStart - back, area.selectionEnd, 'end');
    changed();
  };
  const changed = () => { number(); clearTimeout(area.timer); area.timer = setTimeout(send, 500); };
  area.oninput = changed;
  area.onblur = send;
  area.onscroll = () => { gutter.scrollTop = area.scrollTop; };
  let leave = false;
  area.onkeydown = (event) => {
    if (event.key === 'Escape') { leave = true; return; }
    const before = area.value.slice(0, area.selectionStart);
    const line = before.slice(before.lastIndexOf('\\n') + 1);
    if (event.key === 'Enter' && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      put('\\n' + line.match(/^[ \\t]*/)[0] + (/:\\s*(#.*)?$/.test(line) ? '    ' : ''));
    } else if (event.key === 'Tab' && !leave) {
      event.preventDefault();
      const from = area.value.lastIndexOf('\\n', area.selectionStart - 1) + 1;
      if (event.shiftKey || area.selectionStart !== area.selectionEnd) {
        const end = area.selectionEnd;
        const block = area.value.slice(from, end);
        const moved = event.shiftKey ? block.replace(/^ {1,4}/gm, '') : block.replace(/^(?=.)/gm, '    ');
        area.setRangeText(moved, from, end, event.shiftKey ? 'end' : 'select');
        changed();
      } else {
        put(' '.repeat(4 - (line.length % 4)));
      }
    } else if (event.key === 'Backspace' && area.selectionStart === area.selectionEnd && line && /^ +$/.test(line)) {
      event.preventDefault();
      put('', ((line.length - 1) % 4) + 1);
    }
    if (event.key !== 'Shift') leave = false;
  };
}
"""


def edit(label: str, text: str, version: str) -> str:
    """Show the editor and return its text.

    Parameters
    ----------
    text
        Initial text.
    version
        A new value replaces what was typed by `text`.
    """
    made = st.components.v2.component("evolve_editor", html=_HTML, css=_CSS, js=_JS)
    result: Any = made(
        data={"label": label, "text": text, "version": version}, default={"text": text}, key=f"editor-{version}",
        on_text_change=lambda: None,
    )  # fmt: skip
    return str(result.text)
