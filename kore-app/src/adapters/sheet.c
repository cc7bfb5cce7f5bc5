/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sheet.c: documents as PDF, by Pango and cairo.
 *
 * Each line, row and box is put down whole; one that has no more room begins a new
 * page. Its parts are tagged (paragraph, table), so that they can be read aloud. The
 * directions of texts are their own: a name from right to left stands well in a
 * document from left to right, at the side where the document begins.
 *
 * Fontconfig is told of some fonts and of nothing else. That is read in the parent;
 * workers inherit it and open a font file when they first need it. The map of fonts is
 * each thread's own, as Pango wants it.
 */
#include "adapters/sheet.h"

#include <cairo-pdf.h>
#include <fontconfig/fontconfig.h>
#include <pango/pangocairo.h>
#include <stdio.h>
#include <string.h>

/* A4, in points. */
#define PAGE_WIDTH 595.276
#define PAGE_HEIGHT 841.89
#define MARGIN 56.0
#define WIDTH (PAGE_WIDTH - 2 * MARGIN)
#define BOTTOM (PAGE_HEIGHT - 72.0)
#define FOOTER_Y (PAGE_HEIGHT - 50.0)
#define BAND_HEIGHT 10.0
#define NUMBER_WIDTH 40.0
#define LABEL_WIDTH 160.0
#define COLUMN_GAP 12.0
#define SUM_WIDTH 170.0
#define ROW_PAD 6.0
#define SUM_PAD 4.0
#define BOX_PAD 12.0
#define GAP 18.0
#define PAGES_MAX 100
#define FONT_FOLDER "/usr/share/fonts/truetype/"

typedef struct Ink
{
	double red;
	double green;
	double blue;
} Ink;

typedef struct Style
{
	double size; /* points */
	bool is_bold;
	Ink ink;
	double after; /* points */
	const char *tag;
} Style;

struct CfaSheet
{
	CfaSheetInfo info;
	CfaBuf *out;
	size_t begin; /* of the document in out */
	cairo_surface_t *surface;
	cairo_t *cr;
	PangoContext *context;
	double y;
	int page;
	bool is_table; /* rows are being put into a table */
	bool is_full;  /* no further page is begun */
};

/* clang-format off */
static const Ink ink = {0.082, 0.110, 0.310};
static const Ink muted = {0.294, 0.322, 0.490};
static const Ink line = {0.827, 0.843, 0.925};
static const Ink band = {1.0, 0.812, 0.247};
static const Ink warn = {0.478, 0.302, 0.0};
static const Ink warn_soft = {1.0, 0.945, 0.8};

static const Style styles[] = {
	[CFA_SHEET_TITLE] = {21, true, {0.082, 0.110, 0.310}, 6, "H1"},
	[CFA_SHEET_STRONG] = {12.5, true, {0.082, 0.110, 0.310}, 2, "P"},
	[CFA_SHEET_BODY] = {10.5, false, {0.082, 0.110, 0.310}, 3, "P"},
	[CFA_SHEET_SMALL] = {9, false, {0.294, 0.322, 0.490}, 3, "P"},
};

static const char *const fonts[] = {
	"dejavu/DejaVuSans.ttf",
	"dejavu/DejaVuSans-Bold.ttf",
	"freefont/FreeSans.ttf",
	"freefont/FreeSansBold.ttf",
	"freefont/FreeSerif.ttf",
	"droid/DroidSansFallbackFull.ttf",
};

/* Each character in the first of these that has it, and no look at the disk again. */
static const char rules[] =
	"<fontconfig>"
	"<config><rescan><int>0</int></rescan></config>"
	"<match target=\"pattern\"><edit name=\"family\" mode=\"assign\" binding=\"strong\">"
	"<string>DejaVu Sans</string><string>FreeSans</string><string>FreeSerif</string>"
	"<string>Droid Sans Fallback</string></edit></match>"
	"</fontconfig>";
/* clang-format on */

static PangoContext *new_context(const CfaSheetInfo *info);
static cairo_status_t add_bytes(void *arg, const unsigned char *data,
								unsigned len);
static void set_metadata(CfaSheet *sheet);
static PangoLayout *new_layout(CfaSheet *sheet, const char *text, double size,
							   bool is_bold, double width);
static double height_of(PangoLayout *layout);
static void align(CfaSheet *sheet, PangoLayout *layout, bool at_end);
static void show(CfaSheet *sheet, PangoLayout *layout, double x, Ink color,
				 const char *tag);
static double start_of(const CfaSheet *sheet, double offset, double width);
static void make_room(CfaSheet *sheet, double height);
static void begin_page(CfaSheet *sheet);
static void end_page(CfaSheet *sheet);
static void set_table(CfaSheet *sheet, bool is_table);
static void declare(CfaSheet *sheet);
static const char *find_last(const char *data, size_t len, const char *text);
static void fill(CfaSheet *sheet, double x, double y, double width,
				 double height, Ink color);

int
cfa_sheet_configure(char *error, size_t error_size)
{
	FcConfig *config = FcConfigCreate();
	char path[128];
	size_t i;

	if (config == NULL ||
		!FcConfigParseAndLoadFromMemory(config,
										(const FcChar8 *) rules,
										FcTrue) ||
		!FcConfigSetCurrent(config))
	{
		(void) snprintf(error, error_size, "fontconfig could not be set up");
		return -1;
	}
	for (i = 0; i < sizeof(fonts) / sizeof(fonts[0]); i++)
	{
		(void) snprintf(path, sizeof(path), FONT_FOLDER "%s", fonts[i]);
		if (!FcConfigAppFontAddFile(config, (const FcChar8 *) path))
		{
			(void) snprintf(error,
							error_size,
							"the font %s cannot be read: install "
							"fonts-dejavu-core, fonts-freefont-ttf and "
							"fonts-droid-fallback",
							path);
			return -1;
		}
	}
	return 0;
}

CfaSheet *
cfa_sheet_begin(const CfaSheetInfo *info, CfaBuf *out)
{
	CfaSheet *sheet = g_new0(CfaSheet, 1);

	sheet->info = *info;
	sheet->out = out;
	sheet->begin = out->len;
	sheet->surface = cairo_pdf_surface_create_for_stream(add_bytes,
														 out,
														 PAGE_WIDTH,
														 PAGE_HEIGHT);
	cairo_pdf_surface_restrict_to_version(sheet->surface,
										  CAIRO_PDF_VERSION_1_4);
	set_metadata(sheet);
	sheet->cr = cairo_create(sheet->surface);
	sheet->context = new_context(info);
	begin_page(sheet);
	return sheet;
}

void
cfa_sheet_text(CfaSheet *sheet, CfaSheetStyle style, const char *text)
{
	const Style *s = &styles[style];
	PangoLayout *layout = new_layout(sheet, text, s->size, s->is_bold, WIDTH);
	double height = height_of(layout);

	set_table(sheet, false);
	make_room(sheet, height);
	align(sheet, layout, false);
	show(sheet, layout, MARGIN, s->ink, s->tag);
	sheet->y += height + s->after;
	g_object_unref(layout);
}

void
cfa_sheet_mark(CfaSheet *sheet, const char *title, const char *text)
{
	double inner = WIDTH - 2 * BOX_PAD;
	PangoLayout *head = new_layout(sheet, title, 12.5, true, inner);
	PangoLayout *body = new_layout(sheet, text, 10.5, false, inner);
	double height = height_of(head) + height_of(body) + 2 * BOX_PAD + 3;

	set_table(sheet, false);
	make_room(sheet, height);
	fill(sheet, MARGIN, sheet->y, WIDTH, height, warn_soft);
	fill(sheet, start_of(sheet, 0, 4), sheet->y, 4, height, warn);
	sheet->y += BOX_PAD;
	align(sheet, head, false);
	show(sheet, head, MARGIN + BOX_PAD, warn, "P");
	sheet->y += height_of(head) + 3;
	align(sheet, body, false);
	show(sheet, body, MARGIN + BOX_PAD, ink, "P");
	sheet->y += height_of(body) + BOX_PAD;
	g_object_unref(head);
	g_object_unref(body);
}

void
cfa_sheet_row(CfaSheet *sheet, const char *label, const char *value)
{
	double rest = WIDTH - LABEL_WIDTH - COLUMN_GAP;
	PangoLayout *name = new_layout(sheet, label, 10.5, false, LABEL_WIDTH);
	PangoLayout *body = new_layout(sheet, value, 10.5, true, rest);
	double height = MAX(height_of(name), height_of(body)) + 2 * ROW_PAD;

	make_room(sheet, height);
	set_table(sheet, true);
	cairo_tag_begin(sheet->cr, "TR", NULL);
	sheet->y += ROW_PAD;
	align(sheet, name, false);
	show(sheet, name, start_of(sheet, 0, LABEL_WIDTH), muted, "TH");
	align(sheet, body, false);
	show(sheet,
		 body,
		 start_of(sheet, LABEL_WIDTH + COLUMN_GAP, rest),
		 ink,
		 "TD");
	cairo_tag_end(sheet->cr, "TR");
	sheet->y += height - ROW_PAD;
	fill(sheet, MARGIN, sheet->y, WIDTH, 0.6, line);
	g_object_unref(name);
	g_object_unref(body);
}

void
cfa_sheet_sum(CfaSheet *sheet, const char *label, const char *amount,
			  bool is_total)
{
	double rest = WIDTH - SUM_WIDTH - COLUMN_GAP;
	double size = is_total ? 12.5 : 10.5;
	PangoLayout *name = new_layout(sheet, label, size, is_total, rest);
	PangoLayout *money = new_layout(sheet, amount, size, is_total, SUM_WIDTH);
	double height = MAX(height_of(name), height_of(money)) + 2 * SUM_PAD;

	make_room(sheet, height);
	set_table(sheet, true);
	if (is_total)
		fill(sheet, MARGIN, sheet->y, WIDTH, 1.2, muted);
	cairo_tag_begin(sheet->cr, "TR", NULL);
	sheet->y += SUM_PAD;
	align(sheet, name, false);
	show(sheet, name, start_of(sheet, 0, rest), is_total ? ink : muted, "TH");
	align(sheet, money, true);
	show(sheet,
		 money,
		 start_of(sheet, rest + COLUMN_GAP, SUM_WIDTH),
		 ink,
		 "TD");
	cairo_tag_end(sheet->cr, "TR");
	sheet->y += height - SUM_PAD;
	g_object_unref(name);
	g_object_unref(money);
}

void
cfa_sheet_gap(CfaSheet *sheet)
{
	sheet->y += GAP;
}

int
cfa_sheet_end(CfaSheet *sheet)
{
	bool is_made;

	set_table(sheet, false);
	end_page(sheet);
	cairo_surface_finish(sheet->surface);
	is_made = !sheet->is_full &&
			  cairo_status(sheet->cr) == CAIRO_STATUS_SUCCESS &&
			  cairo_surface_status(sheet->surface) == CAIRO_STATUS_SUCCESS;
	g_object_unref(sheet->context);
	cairo_destroy(sheet->cr);
	cairo_surface_destroy(sheet->surface);
	if (is_made)
		declare(sheet);
	g_free(sheet);
	return is_made ? 0 : -1;
}

/* A context of the thread's own fonts, without anything that depends on a screen. */
static PangoContext *
new_context(const CfaSheetInfo *info)
{
	static __thread PangoFontMap *map;
	cairo_font_options_t *options = cairo_font_options_create();
	PangoContext *context;

	if (map == NULL)
	{
		map = pango_cairo_font_map_new();
		pango_cairo_font_map_set_resolution(PANGO_CAIRO_FONT_MAP(map), 72);
	}
	context = pango_font_map_create_context(map);
	cairo_font_options_set_antialias(options, CAIRO_ANTIALIAS_GRAY);
	cairo_font_options_set_hint_style(options, CAIRO_HINT_STYLE_NONE);
	cairo_font_options_set_hint_metrics(options, CAIRO_HINT_METRICS_OFF);
	pango_cairo_context_set_font_options(context, options);
	cairo_font_options_destroy(options);
	pango_context_set_round_glyph_positions(context, FALSE);
	pango_context_set_language(context,
							   pango_language_from_string(info->language));
	pango_context_set_base_dir(context,
							   info->is_rtl ? PANGO_DIRECTION_RTL
											: PANGO_DIRECTION_LTR);
	return context;
}

static cairo_status_t
add_bytes(void *arg, const unsigned char *data, unsigned len)
{
	cfa_buf_add(arg, data, len);
	return CAIRO_STATUS_SUCCESS;
}

static void
set_metadata(CfaSheet *sheet)
{
	cairo_surface_t *pdf = sheet->surface;
	const CfaSheetInfo *info = &sheet->info;

	cairo_pdf_surface_set_metadata(pdf, CAIRO_PDF_METADATA_TITLE, info->title);
	cairo_pdf_surface_set_metadata(pdf,
								   CAIRO_PDF_METADATA_AUTHOR,
								   info->author);
	cairo_pdf_surface_set_metadata(pdf,
								   CAIRO_PDF_METADATA_CREATOR,
								   "CareForAll");
	cairo_pdf_surface_set_metadata(pdf,
								   CAIRO_PDF_METADATA_CREATE_DATE,
								   info->created);
	cairo_pdf_surface_set_metadata(pdf,
								   CAIRO_PDF_METADATA_MOD_DATE,
								   info->created);
}

static PangoLayout *
new_layout(CfaSheet *sheet, const char *text, double size, bool is_bold,
		   double width)
{
	PangoLayout *layout = pango_layout_new(sheet->context);
	PangoFontDescription *font = pango_font_description_new();
	PangoAttrList *features = pango_attr_list_new();

	pango_font_description_set_family_static(font, "DejaVu Sans");
	pango_font_description_set_absolute_size(font, size * PANGO_SCALE);
	pango_font_description_set_weight(font,
									  is_bold ? PANGO_WEIGHT_BOLD
											  : PANGO_WEIGHT_NORMAL);
	pango_layout_set_font_description(layout, font);
	pango_font_description_free(font);
	/* Letters that stay apart are found and copied as they were written. */
	pango_attr_list_insert(features, pango_attr_font_features_new("liga=0"));
	pango_layout_set_attributes(layout, features);
	pango_attr_list_unref(features);
	pango_layout_set_text(layout, text, -1);
	pango_layout_set_width(layout, (int) (width * PANGO_SCALE));
	pango_layout_set_wrap(layout, PANGO_WRAP_WORD_CHAR);
	pango_layout_set_line_spacing(layout, 1.15F);
	return layout;
}

static double
height_of(PangoLayout *layout)
{
	int height;

	pango_layout_get_size(layout, NULL, &height);
	return (double) height / PANGO_SCALE;
}

/*
 * Puts lines to the side where the document begins, or ends. Pango turns that round
 * for a text whose direction is not that of the document.
 */
static void
align(CfaSheet *sheet, PangoLayout *layout, bool at_end)
{
	PangoLayoutLine *first = pango_layout_get_line_readonly(layout, 0);
	bool is_rtl =
		pango_layout_line_get_resolved_direction(first) == PANGO_DIRECTION_RTL;
	bool is_right = sheet->info.is_rtl != at_end;
	bool is_turned = is_rtl != sheet->info.is_rtl;

	pango_layout_set_alignment(layout,
							   is_right != is_turned ? PANGO_ALIGN_RIGHT
													 : PANGO_ALIGN_LEFT);
}

static void
show(CfaSheet *sheet, PangoLayout *layout, double x, Ink color, const char *tag)
{
	cairo_set_source_rgb(sheet->cr, color.red, color.green, color.blue);
	cairo_move_to(sheet->cr, x, sheet->y);
	cairo_tag_begin(sheet->cr, tag, NULL);
	pango_cairo_show_layout(sheet->cr, layout);
	cairo_tag_end(sheet->cr, tag);
}

/* Left edge of what lies that far from where lines begin. */
static double
start_of(const CfaSheet *sheet, double offset, double width)
{
	return sheet->info.is_rtl ? PAGE_WIDTH - MARGIN - offset - width
							  : MARGIN + offset;
}

static void
make_room(CfaSheet *sheet, double height)
{
	if (sheet->y + height <= BOTTOM)
		return;
	if (sheet->page == PAGES_MAX)
	{
		sheet->is_full = true;
		return;
	}
	set_table(sheet, false);
	end_page(sheet);
	cairo_show_page(sheet->cr);
	begin_page(sheet);
}

static void
begin_page(CfaSheet *sheet)
{
	sheet->page++;
	fill(sheet, 0, 0, PAGE_WIDTH, BAND_HEIGHT, band);
	sheet->y = MARGIN;
}

static void
end_page(CfaSheet *sheet)
{
	double rest = WIDTH - NUMBER_WIDTH;
	char number[16];
	PangoLayout *layout = new_layout(sheet, sheet->info.footer, 8, false, rest);

	sheet->y = FOOTER_Y;
	align(sheet, layout, false);
	show(sheet, layout, start_of(sheet, 0, rest), muted, "P");
	g_object_unref(layout);
	(void) snprintf(number, sizeof(number), "%d", sheet->page);
	layout = new_layout(sheet, number, 8, false, NUMBER_WIDTH);
	align(sheet, layout, true);
	show(sheet, layout, start_of(sheet, rest, NUMBER_WIDTH), muted, "P");
	g_object_unref(layout);
}

static void
set_table(CfaSheet *sheet, bool is_table)
{
	if (is_table == sheet->is_table)
		return;
	if (is_table)
		cairo_tag_begin(sheet->cr, "Table", NULL);
	else
		cairo_tag_end(sheet->cr, "Table");
	sheet->is_table = is_table;
}

/*
 * Says in the catalogue what cairo does not: the language, that there are tags, and that
 * the title is to be shown. As the catalogue is the last object, nothing but the table of
 * offsets moves, and only its place is to be corrected. A document of a cairo that writes
 * another order stays as it is.
 */
static void
declare(CfaSheet *sheet)
{
	static const char catalog[] = "/Type /Catalog";
	CfaBuf *out = sheet->out;
	const char *pdf = cfa_buf_text(out) + sheet->begin;
	size_t len = out->len - sheet->begin;
	const char *at = find_last(pdf, len, catalog);
	const char *end = find_last(pdf, len, "\nxref\n");
	const char *start = find_last(pdf, len, "startxref\n");
	CfaBuf tail = {0};

	if (at == NULL || end == NULL || start == NULL || end < at || start < end ||
		memmem(at, (size_t) (end - at), " obj\n", strlen(" obj\n")) != NULL)
		return;
	at += strlen(catalog);
	cfa_buf_addf(&tail,
				 " /Lang (%s) /ViewerPreferences << /DisplayDocTitle true "
				 "/Direction /%s >>",
				 sheet->info.language,
				 sheet->info.is_rtl ? "R2L" : "L2R");
	if (memmem(at, (size_t) (end - at), "/MarkInfo", strlen("/MarkInfo")) ==
		NULL)
		cfa_buf_adds(&tail, " /MarkInfo << /Marked true >>");
	end += strlen("\n") + tail.len;
	cfa_buf_add(&tail, at, (size_t) (start - at));
	cfa_buf_addf(&tail, "startxref\n%zu\n%%%%EOF\n", (size_t) (end - pdf));
	out->len = sheet->begin + (size_t) (at - pdf);
	cfa_buf_add(out, tail.data, tail.len);
	cfa_buf_clear(&tail);
}

static const char *
find_last(const char *data, size_t len, const char *text)
{
	const char *found = NULL;
	const char *at = data;

	while ((at = memmem(at, len - (size_t) (at - data), text, strlen(text))) !=
		   NULL)
		found = at++;
	return found;
}

static void
fill(CfaSheet *sheet, double x, double y, double width, double height,
	 Ink color)
{
	cairo_set_source_rgb(sheet->cr, color.red, color.green, color.blue);
	cairo_rectangle(sheet->cr, x, y, width, height);
	cairo_fill(sheet->cr);
}
