// The look of the editor: that of the page, whose colours it takes, in light and dark.

import { HighlightStyle, syntaxHighlighting } from "@codemirror/language";
import { EditorView } from "@codemirror/view";
import { tags } from "@lezer/highlight";

const theme = EditorView.theme({
  "&": { color: "var(--ink)", height: "var(--editor)", fontSize: ".86rem" },
  "&.cm-focused": { outline: "none" },
  ".cm-scroller": { fontFamily: "var(--mono)", lineHeight: "1.6" },
  ".cm-content": { caretColor: "var(--first)", padding: ".7rem 0" },
  ".cm-cursor": { borderLeft: "2px solid var(--first)" },
  ".cm-gutters": { color: "var(--quiet)", background: "transparent", border: "none" },
  ".cm-activeLine, .cm-activeLineGutter": { background: "color-mix(in srgb, var(--first) 7%, transparent)" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": {
    background: "color-mix(in srgb, var(--first) 28%, transparent)",
  },
  ".cm-placeholder": { color: "var(--quiet)" },
  ".cm-ghost": { color: "color-mix(in srgb, var(--ink) 62%, var(--surface))", fontStyle: "italic", whiteSpace: "pre-wrap" },
  ".cm-ghost [class^=p]": { color: "var(--ink)" },
  ".cm-replaced": { textDecoration: "line-through", opacity: ".45" },
  ".cm-lintRange": { backgroundImage: "none", paddingBottom: "0" },
  ".cm-lintRange-error": { textDecoration: "underline wavy var(--bad)", textUnderlineOffset: "3px" },
  ".cm-lintRange-info": { textDecoration: "underline dotted var(--warn)", textUnderlineOffset: "3px" },
  ".cm-lintPoint:after": { display: "none" },
  ".cm-tooltip": { color: "var(--ink)", background: "var(--surface)", border: "1px solid var(--line)", borderRadius: "8px", maxWidth: "min(34rem, 92vw)" },
  ".cm-diagnostic": { padding: ".4rem .7rem", whiteSpace: "pre-wrap", overflowWrap: "anywhere", borderLeftColor: "var(--bad)" },
  ".cm-diagnostic-info": { borderLeftColor: "var(--warn)" },
  ".cm-diagnosticSource": { color: "var(--quiet)", opacity: "1" },
});

const colours = HighlightStyle.define([
  { tag: [tags.definition(tags.propertyName), tags.propertyName], color: "var(--first)" },
  { tag: [tags.string, tags.special(tags.string)], color: "var(--good)" },
  { tag: tags.comment, color: "var(--quiet)", fontStyle: "italic" },
  { tag: [tags.labelName, tags.typeName, tags.keyword, tags.meta], color: "var(--warn)" },
  { tag: [tags.punctuation, tags.separator, tags.bracket], color: "var(--quiet)" },
]);

export const look = [theme, syntaxHighlighting(colours)];
