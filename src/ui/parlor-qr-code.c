/* SPDX-License-Identifier: GPL-3.0-or-later */
#define G_LOG_DOMAIN "parlor-ui"

#include "config.h"

#include "parlor-qr-code.h"

#include <qrencode.h>

/*
 * ParlorQrCode: draws what libqrencode made of a text. Cameras read the edges: a module is a whole number of device pixels,
 * and what is left over of the space becomes white around it. Main thread only.
 */

#define NATURAL_SIZE 290
#define MINIMUM_SIZE 120

enum
{
  PROP_0,
  PROP_TEXT,
  N_PROPS
};

static GParamSpec *props[N_PROPS];

struct _ParlorQrCode
{
  GtkWidget parent_instance;

  char *text;      /* (nullable) */
  GBytes *modules; /* (nullable) */
  guint width;
};

G_DEFINE_FINAL_TYPE (ParlorQrCode, parlor_qr_code, GTK_TYPE_WIDGET)

GBytes *
parlor_qr_code_encode (const char *text, guint *width)
{
  QRcode *code = QRcode_encodeString (text, 0, QR_ECLEVEL_M, QR_MODE_8, TRUE);
  guint8 *modules;
  gsize size;

  if (!code)
    return NULL;
  *width = code->width;
  size = (gsize) code->width * code->width;
  modules = g_malloc (size);
  for (gsize i = 0; i < size; i++)
    modules[i] = code->data[i] & 1; /* the other bits say what a module is for */
  QRcode_free (code);
  return g_bytes_new_take (modules, size);
}

static void
parlor_qr_code_measure (GtkWidget *widget,
                        GtkOrientation orientation,
                        int for_size,
                        int *minimum,
                        int *natural,
                        int *minimum_baseline,
                        int *natural_baseline)
{
  ParlorQrCode *self = PARLOR_QR_CODE (widget);
  int across = (self->modules ? (int) self->width : 0) + 2 * PARLOR_QR_QUIET_ZONE;
  int wanted = for_size > 0 ? CLAMP (for_size, MINIMUM_SIZE, NATURAL_SIZE) : NATURAL_SIZE;

  /* As large as the code will be, so that nothing is left over where there is room. */
  *natural = MAX (MINIMUM_SIZE, wanted / across * across);
  *minimum = MINIMUM_SIZE;
}

/* Rows of black modules that touch are one rectangle: no seam between them, and fewer nodes. */
static void
append_row (GtkSnapshot *snapshot, const guint8 *row, guint width, float x, float y, float module)
{
  const GdkRGBA black = { 0, 0, 0, 1 };

  for (guint column = 0; column < width; column++)
    {
      guint first = column;

      while (column < width && row[column])
        column++;
      if (column > first)
        gtk_snapshot_append_color (snapshot, &black,
                                   &GRAPHENE_RECT_INIT (x + first * module, y, (column - first) * module, module));
    }
}

static void
parlor_qr_code_snapshot (GtkWidget *widget, GtkSnapshot *snapshot)
{
  ParlorQrCode *self = PARLOR_QR_CODE (widget);
  int width = gtk_widget_get_width (widget), height = gtk_widget_get_height (widget);
  int scale = gtk_widget_get_scale_factor (widget);
  const GdkRGBA white = { 1, 1, 1, 1 };
  const guint8 *modules;
  int pixels, across;
  float module, x, y;

  gtk_snapshot_append_color (snapshot, &white, &GRAPHENE_RECT_INIT (0, 0, width, height));
  if (!self->modules)
    return;

  across = self->width + 2 * PARLOR_QR_QUIET_ZONE;
  pixels = MAX (1, MIN (width, height) * scale / across);
  module = (float) pixels / scale;
  x = (float) ((width * scale - (int) self->width * pixels) / 2) / scale;
  y = (float) ((height * scale - (int) self->width * pixels) / 2) / scale;
  modules = g_bytes_get_data (self->modules, NULL);
  for (guint row = 0; row < self->width; row++)
    append_row (snapshot, modules + row * self->width, self->width, x, y + row * module, module);
}

static void
set_text (ParlorQrCode *self, const char *text)
{
  if (g_strcmp0 (self->text, text) == 0)
    return;

  g_free (self->text);
  self->text = g_strdup (text);
  g_clear_pointer (&self->modules, g_bytes_unref);
  if (text && *text)
    self->modules = parlor_qr_code_encode (text, &self->width);
  gtk_widget_queue_resize (GTK_WIDGET (self));
  gtk_widget_queue_draw (GTK_WIDGET (self));
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_TEXT]);
}

static void
parlor_qr_code_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  if (id == PROP_TEXT)
    g_value_set_string (value, PARLOR_QR_CODE (object)->text);
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static void
parlor_qr_code_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  if (id == PROP_TEXT)
    set_text (PARLOR_QR_CODE (object), g_value_get_string (value));
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static void
parlor_qr_code_finalize (GObject *object)
{
  g_free (PARLOR_QR_CODE (object)->text);
  g_clear_pointer (&PARLOR_QR_CODE (object)->modules, g_bytes_unref);
  G_OBJECT_CLASS (parlor_qr_code_parent_class)->finalize (object);
}

static void
parlor_qr_code_class_init (ParlorQrCodeClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->get_property = parlor_qr_code_get_property;
  object_class->set_property = parlor_qr_code_set_property;
  object_class->finalize = parlor_qr_code_finalize;
  widget_class->measure = parlor_qr_code_measure;
  widget_class->snapshot = parlor_qr_code_snapshot;

  props[PROP_TEXT] = g_param_spec_string ("text", NULL, NULL, NULL,
                                          G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, props);
  gtk_widget_class_set_css_name (widget_class, "qrcode");
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_IMG);
}

static void
parlor_qr_code_init (ParlorQrCode *self)
{
}
