/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CFA_APP_HTML_H
#define CFA_APP_HTML_H

#include <careforall/buf.h>

/*
 * Adds a text for the content of an element or of an attribute in double quotes.
 * Nothing in it is ever markup, a reference or a directive of the gateway.
 */
void cfa_html_add(CfaBuf *out, const char *text);

/*
 * Adds a text as a JSON string with its quotes, for a script element that holds
 * data: nothing in it ends the element or begins a comment.
 */
void cfa_html_add_json(CfaBuf *out, const char *text);

/*
 * Adds a plain text as paragraphs: empty lines part them, "## " begins a
 * heading, "- " an item of a list. All the rest is text.
 */
void cfa_html_add_story(CfaBuf *out, const char *text);

#endif
