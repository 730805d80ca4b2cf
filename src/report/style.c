// SPDX-License-Identifier: Apache-2.0
// style.c - the style sheets and the script, as the build found them (cmake/embed.cmake).
#include "report/html.h"

const char rb_figure_css[] = {
#include "gen/figure.css.inc"
    0};
const char rb_gallery_css[] = {
#include "gen/gallery.css.inc"
    0};
const char rb_page_css[] = {
#include "gen/page.css.inc"
    0};
const char rb_page_js[] = {
#include "gen/page.js.inc"
    0};
