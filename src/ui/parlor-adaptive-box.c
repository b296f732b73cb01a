/* SPDX-License-Identifier: GPL-3.0-or-later */
#define G_LOG_DOMAIN "parlor-ui"

#include "config.h"

#include "parlor-adaptive-box.h"

/*
 * ParlorAdaptiveBox: its children side by side, equally wide, from "breakpoint" pixels on, and below each
 * other when there is less room. libadwaita 1.2 has no breakpoints. The orientation follows from the width
 * that is asked about, so nothing is stored and nothing can flip while sizes are being given out.
 */

enum
{
  PROP_0,
  PROP_SPACING,
  PROP_BREAKPOINT,
  N_PROPS
};

static GParamSpec *props[N_PROPS];

struct _ParlorAdaptiveBox
{
  GtkWidget parent_instance;

  int spacing;
  int breakpoint;
};

static void buildable_iface_init (GtkBuildableIface *iface);

static GtkBuildableIface *parent_buildable_iface;

G_DEFINE_FINAL_TYPE_WITH_CODE (ParlorAdaptiveBox,
                               parlor_adaptive_box,
                               GTK_TYPE_WIDGET,
                               G_IMPLEMENT_INTERFACE (GTK_TYPE_BUILDABLE, buildable_iface_init))

static GtkWidget *
skip_hidden (GtkWidget *child)
{
  while (child && !gtk_widget_should_layout (child))
    child = gtk_widget_get_next_sibling (child);
  return child;
}

static GtkWidget *
first_child (ParlorAdaptiveBox *self)
{
  return skip_hidden (gtk_widget_get_first_child (GTK_WIDGET (self)));
}

static GtkWidget *
next_child (GtkWidget *child)
{
  return skip_hidden (gtk_widget_get_next_sibling (child));
}

static int
count_children (ParlorAdaptiveBox *self)
{
  int n = 0;

  for (GtkWidget *child = first_child (self); child; child = next_child (child))
    n++;
  return n;
}

static gboolean
is_wide (ParlorAdaptiveBox *self, int width)
{
  return width >= self->breakpoint;
}

static int
column_width (ParlorAdaptiveBox *self, int width)
{
  int n = MAX (count_children (self), 1);

  return is_wide (self, width) ? (width - (n - 1) * self->spacing) / n : width;
}

static void
measure_width (ParlorAdaptiveBox *self, int *minimum, int *natural)
{
  int n = 0;

  *minimum = *natural = 0;
  for (GtkWidget *child = first_child (self); child; child = next_child (child))
    {
      int child_min, child_nat;

      gtk_widget_measure (child, GTK_ORIENTATION_HORIZONTAL, -1, &child_min, &child_nat, NULL, NULL);
      *minimum = MAX (*minimum, child_min);
      *natural = MAX (*natural, child_nat);
      n++;
    }
  *natural = MAX (*natural * n + self->spacing * MAX (n - 1, 0), self->breakpoint);
}

static void
measure_height (ParlorAdaptiveBox *self, int width, int *minimum, int *natural)
{
  gboolean wide = width < 0 || is_wide (self, width);
  int column = width < 0 ? -1 : column_width (self, width);
  int n = 0;

  *minimum = *natural = 0;
  for (GtkWidget *child = first_child (self); child; child = next_child (child))
    {
      int child_min, child_nat;

      gtk_widget_measure (child, GTK_ORIENTATION_VERTICAL, column, &child_min, &child_nat, NULL, NULL);
      *minimum = wide ? MAX (*minimum, child_min) : *minimum + child_min;
      *natural = wide ? MAX (*natural, child_nat) : *natural + child_nat;
      n++;
    }
  if (!wide && n > 1)
    {
      *minimum += (n - 1) * self->spacing;
      *natural += (n - 1) * self->spacing;
    }
}

static GtkSizeRequestMode
parlor_adaptive_box_get_request_mode (GtkWidget *widget)
{
  return GTK_SIZE_REQUEST_HEIGHT_FOR_WIDTH;
}

static void
parlor_adaptive_box_measure (GtkWidget *widget,
                             GtkOrientation orientation,
                             int for_size,
                             int *minimum,
                             int *natural,
                             int *minimum_baseline,
                             int *natural_baseline)
{
  ParlorAdaptiveBox *self = PARLOR_ADAPTIVE_BOX (widget);

  if (orientation == GTK_ORIENTATION_HORIZONTAL)
    measure_width (self, minimum, natural);
  else
    measure_height (self, for_size, minimum, natural);
}

static void
parlor_adaptive_box_size_allocate (GtkWidget *widget, int width, int height, int baseline)
{
  ParlorAdaptiveBox *self = PARLOR_ADAPTIVE_BOX (widget);
  gboolean rtl = gtk_widget_get_direction (widget) == GTK_TEXT_DIR_RTL;
  gboolean wide = is_wide (self, width);
  int column = column_width (self, width);
  int x = rtl && wide ? width - column : 0;
  int y = 0;

  for (GtkWidget *child = first_child (self); child; child = next_child (child))
    {
      int natural = height;

      if (!wide)
        gtk_widget_measure (child, GTK_ORIENTATION_VERTICAL, column, NULL, &natural, NULL, NULL);
      gtk_widget_size_allocate (child, &(GtkAllocation){ x, y, column, natural }, -1);
      if (wide)
        x += rtl ? -(column + self->spacing) : column + self->spacing;
      else
        y += natural + self->spacing;
    }
}

static void
parlor_adaptive_box_add_child (GtkBuildable *buildable,
                               GtkBuilder *builder,
                               GObject *child,
                               const char *type)
{
  if (GTK_IS_WIDGET (child))
    gtk_widget_set_parent (GTK_WIDGET (child), GTK_WIDGET (buildable));
  else
    parent_buildable_iface->add_child (buildable, builder, child, type);
}

static void
buildable_iface_init (GtkBuildableIface *iface)
{
  parent_buildable_iface = g_type_interface_peek_parent (iface);
  iface->add_child = parlor_adaptive_box_add_child;
}

static void
parlor_adaptive_box_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  ParlorAdaptiveBox *self = PARLOR_ADAPTIVE_BOX (object);

  switch (id)
    {
    case PROP_SPACING:
      g_value_set_int (value, self->spacing);
      break;
    case PROP_BREAKPOINT:
      g_value_set_int (value, self->breakpoint);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
parlor_adaptive_box_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  ParlorAdaptiveBox *self = PARLOR_ADAPTIVE_BOX (object);
  int *field = id == PROP_SPACING ? &self->spacing : &self->breakpoint;

  if (id != PROP_SPACING && id != PROP_BREAKPOINT)
    {
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
      return;
    }
  if (*field == g_value_get_int (value))
    return;
  *field = g_value_get_int (value);
  gtk_widget_queue_resize (GTK_WIDGET (self));
  g_object_notify_by_pspec (object, pspec);
}

static void
parlor_adaptive_box_dispose (GObject *object)
{
  GtkWidget *child;

  while ((child = gtk_widget_get_first_child (GTK_WIDGET (object))))
    gtk_widget_unparent (child);
  G_OBJECT_CLASS (parlor_adaptive_box_parent_class)->dispose (object);
}

static void
parlor_adaptive_box_class_init (ParlorAdaptiveBoxClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);
  const GParamFlags flags = G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;

  object_class->get_property = parlor_adaptive_box_get_property;
  object_class->set_property = parlor_adaptive_box_set_property;
  object_class->dispose = parlor_adaptive_box_dispose;
  widget_class->get_request_mode = parlor_adaptive_box_get_request_mode;
  widget_class->measure = parlor_adaptive_box_measure;
  widget_class->size_allocate = parlor_adaptive_box_size_allocate;

  props[PROP_SPACING] = g_param_spec_int ("spacing", NULL, NULL, 0, G_MAXINT, 0, flags);
  props[PROP_BREAKPOINT] = g_param_spec_int ("breakpoint", NULL, NULL, 0, G_MAXINT, 0, flags);
  g_object_class_install_properties (object_class, N_PROPS, props);
}

static void
parlor_adaptive_box_init (ParlorAdaptiveBox *self)
{
}
