/* SPDX-License-Identifier: GPL-3.0-or-later */
#define G_LOG_DOMAIN "parlor-ui"

#include "config.h"

#include "parlor-snap-box.h"

#include <adwaita.h>

/*
 * ParlorSnapBox: lies over a picture and keeps one child (one's own picture) in a corner of it. The child is
 * dragged to another corner and snaps there; until then a wide box uses the lower end and a narrow one the
 * upper end, out of the way of the controls. Clicks beside the child go through.
 */

#define NARROW 600       /* px: below this the child stands upright */
#define MARGIN 16        /* px between child and edge */
#define TOP_INSET 52     /* px: the header */
#define BOTTOM_INSET 100 /* px: the controls, where they would be in the way */
#define SNAP_MS 220

enum
{
  PROP_0,
  PROP_CHILD,
  N_PROPS
};

static GParamSpec *props[N_PROPS];

struct _ParlorSnapBox
{
  GtkWidget parent_instance;

  GtkWidget *child;
  gboolean chosen; /* whether the user dragged it; then: */
  gboolean at_start;
  gboolean at_top;
  graphene_point_t offset; /* from its corner, while dragged or on its way back */
  graphene_point_t release;
  AdwAnimation *snap;
};

G_DEFINE_FINAL_TYPE (ParlorSnapBox, parlor_snap_box, GTK_TYPE_WIDGET)

static void
child_size (int width, int height, int *child_width, int *child_height)
{
  if (width < NARROW)
    {
      *child_width = CLAMP (width / 4, 84, 120);
      *child_height = *child_width * 4 / 3;
    }
  else
    {
      *child_width = CLAMP (width / 5, 144, 240);
      *child_height = *child_width * 10 / 16;
    }
  *child_height = MIN (*child_height, height / 3);
}

static void
corner_position (ParlorSnapBox *self, int width, int height, graphene_rect_t *out)
{
  gboolean narrow = width < NARROW;
  gboolean at_top = self->chosen ? self->at_top : narrow;
  gboolean at_left = (self->chosen && self->at_start)
                     != (gtk_widget_get_direction (GTK_WIDGET (self)) == GTK_TEXT_DIR_RTL);
  int w, h;

  child_size (width, height, &w, &h);
  graphene_rect_init (out,
                      at_left ? MARGIN : width - w - MARGIN,
                      at_top ? TOP_INSET : height - h - (narrow ? BOTTOM_INSET : MARGIN),
                      w, h);
}

static void
parlor_snap_box_measure (GtkWidget *widget,
                         GtkOrientation orientation,
                         int for_size,
                         int *minimum,
                         int *natural,
                         int *minimum_baseline,
                         int *natural_baseline)
{
  ParlorSnapBox *self = PARLOR_SNAP_BOX (widget);

  if (self->child)
    gtk_widget_measure (self->child, orientation, -1, NULL, NULL, NULL, NULL);
  *minimum = *natural = 0;
}

static void
parlor_snap_box_size_allocate (GtkWidget *widget, int width, int height, int baseline)
{
  ParlorSnapBox *self = PARLOR_SNAP_BOX (widget);
  graphene_rect_t place;

  if (!self->child || !gtk_widget_should_layout (self->child))
    return;
  corner_position (self, width, height, &place);
  gtk_widget_size_allocate (self->child,
                            &(GtkAllocation){ (int) (place.origin.x + self->offset.x),
                                              (int) (place.origin.y + self->offset.y),
                                              (int) place.size.width, (int) place.size.height },
                            -1);
}

static gboolean
parlor_snap_box_contains (GtkWidget *widget, double x, double y)
{
  ParlorSnapBox *self = PARLOR_SNAP_BOX (widget);
  graphene_rect_t bounds;

  return self->child && gtk_widget_compute_bounds (self->child, widget, &bounds)
         && graphene_rect_contains_point (&bounds, &GRAPHENE_POINT_INIT (x, y));
}

static void
on_snap (double value, gpointer user_data)
{
  ParlorSnapBox *self = user_data;

  self->offset.x = self->release.x * value;
  self->offset.y = self->release.y * value;
  gtk_widget_queue_allocate (GTK_WIDGET (self));
}

static void
on_drag_update (ParlorSnapBox *self, double x, double y)
{
  adw_animation_pause (self->snap);
  graphene_point_init (&self->offset, x, y);
  gtk_widget_queue_allocate (GTK_WIDGET (self));
}

static void
on_drag_end (ParlorSnapBox *self, double x, double y)
{
  int width = gtk_widget_get_width (GTK_WIDGET (self));
  int height = gtk_widget_get_height (GTK_WIDGET (self));
  graphene_rect_t from, to;
  gboolean left;

  corner_position (self, width, height, &from);
  graphene_rect_offset (&from, x, y);
  left = from.origin.x + from.size.width / 2 < width / 2.0;
  self->at_start = left != (gtk_widget_get_direction (GTK_WIDGET (self)) == GTK_TEXT_DIR_RTL);
  self->at_top = from.origin.y + from.size.height / 2 < height / 2.0;
  self->chosen = TRUE;

  corner_position (self, width, height, &to);
  graphene_point_init (&self->release, from.origin.x - to.origin.x, from.origin.y - to.origin.y);
  adw_animation_reset (self->snap);
  adw_animation_play (self->snap);
}

static void
parlor_snap_box_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  if (id == PROP_CHILD)
    g_value_set_object (value, PARLOR_SNAP_BOX (object)->child);
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static void
parlor_snap_box_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  ParlorSnapBox *self = PARLOR_SNAP_BOX (object);
  GtkWidget *child = id == PROP_CHILD ? g_value_get_object (value) : NULL;

  if (id != PROP_CHILD)
    {
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
      return;
    }
  if (self->child == child)
    return;
  g_clear_pointer (&self->child, gtk_widget_unparent);
  self->child = child;
  if (child)
    gtk_widget_set_parent (child, GTK_WIDGET (self));
  g_object_notify_by_pspec (object, pspec);
}

static void
parlor_snap_box_dispose (GObject *object)
{
  ParlorSnapBox *self = PARLOR_SNAP_BOX (object);

  g_clear_object (&self->snap);
  g_clear_pointer (&self->child, gtk_widget_unparent);
  G_OBJECT_CLASS (parlor_snap_box_parent_class)->dispose (object);
}

static void
parlor_snap_box_class_init (ParlorSnapBoxClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->get_property = parlor_snap_box_get_property;
  object_class->set_property = parlor_snap_box_set_property;
  object_class->dispose = parlor_snap_box_dispose;
  widget_class->measure = parlor_snap_box_measure;
  widget_class->size_allocate = parlor_snap_box_size_allocate;
  widget_class->contains = parlor_snap_box_contains;

  props[PROP_CHILD] = g_param_spec_object ("child", NULL, NULL, GTK_TYPE_WIDGET,
                                           G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY
                                             | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, props);
}

static void
parlor_snap_box_init (ParlorSnapBox *self)
{
  GtkGesture *drag = gtk_gesture_drag_new ();
  AdwAnimationTarget *target = adw_callback_animation_target_new (on_snap, self, NULL);

  self->snap = adw_timed_animation_new (GTK_WIDGET (self), 1, 0, SNAP_MS, target);
  g_signal_connect_swapped (drag, "drag-update", G_CALLBACK (on_drag_update), self);
  g_signal_connect_swapped (drag, "drag-end", G_CALLBACK (on_drag_end), self);
  gtk_widget_add_controller (GTK_WIDGET (self), GTK_EVENT_CONTROLLER (drag));
}
