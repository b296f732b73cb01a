/* SPDX-License-Identifier: GPL-3.0-or-later */
#define G_LOG_DOMAIN "parlor-ui"

#include "config.h"

#include "parlor-video-view.h"

/*
 * ParlorVideoView: draws a moving picture so that it covers its place (or, asked to, is contained in it),
 * mirrored for one's own. "view" is a GObject because that is what studio and peers hand out; what is not a
 * GdkPaintable is not shown. With a "ratio" the widget asks for the height that belongs to its width, so a
 * page does not jump when the camera starts. "has-picture" says whether there is anything to see yet. Corners are rounded by CSS (border-radius and overflow).
 */

enum
{
  PROP_0,
  PROP_VIEW,
  PROP_MIRRORED,
  PROP_CONTAIN,
  PROP_RATIO,
  PROP_HAS_PICTURE,
  N_PROPS
};

static GParamSpec *props[N_PROPS];

struct _ParlorVideoView
{
  GtkWidget parent_instance;

  GObject *view; /* (nullable) */
  gulong on_contents;
  gulong on_size;
  gboolean mirrored;
  gboolean contain;
  double ratio;
};

G_DEFINE_FINAL_TYPE (ParlorVideoView, parlor_video_view, GTK_TYPE_WIDGET)

static gboolean
has_picture (ParlorVideoView *self)
{
  return GDK_IS_PAINTABLE (self->view)
         && gdk_paintable_get_intrinsic_aspect_ratio (GDK_PAINTABLE (self->view)) > 0;
}

static void
on_view_invalidate_size (ParlorVideoView *self)
{
  gtk_widget_queue_draw (GTK_WIDGET (self));
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_HAS_PICTURE]);
}

static void
set_view (ParlorVideoView *self, GObject *view)
{
  if (self->view == view)
    return;

  if (GDK_IS_PAINTABLE (self->view))
    {
      g_clear_signal_handler (&self->on_contents, self->view);
      g_clear_signal_handler (&self->on_size, self->view);
    }
  g_set_object (&self->view, view);
  if (GDK_IS_PAINTABLE (view))
    {
      self->on_contents = g_signal_connect_swapped (view, "invalidate-contents",
                                                    G_CALLBACK (gtk_widget_queue_draw), self);
      self->on_size = g_signal_connect_swapped (view, "invalidate-size",
                                                G_CALLBACK (on_view_invalidate_size), self);
    }
  on_view_invalidate_size (self);
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_VIEW]);
}

static void
set_flag (ParlorVideoView *self, gboolean *flag, gboolean value, guint prop)
{
  if (*flag == value)
    return;
  *flag = value;
  gtk_widget_queue_draw (GTK_WIDGET (self));
  g_object_notify_by_pspec (G_OBJECT (self), props[prop]);
}

static void
set_ratio (ParlorVideoView *self, double ratio)
{
  if (self->ratio == ratio)
    return;
  self->ratio = ratio;
  gtk_widget_queue_resize (GTK_WIDGET (self));
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_RATIO]);
}

static GtkSizeRequestMode
parlor_video_view_get_request_mode (GtkWidget *widget)
{
  return GTK_SIZE_REQUEST_HEIGHT_FOR_WIDTH;
}

static void
parlor_video_view_measure (GtkWidget *widget,
                           GtkOrientation orientation,
                           int for_size,
                           int *minimum,
                           int *natural,
                           int *minimum_baseline,
                           int *natural_baseline)
{
  ParlorVideoView *self = PARLOR_VIDEO_VIEW (widget);

  *minimum = *natural = 0;
  if (self->ratio > 0 && orientation == GTK_ORIENTATION_VERTICAL && for_size > 0)
    *minimum = *natural = (int) (for_size / self->ratio);
}

static void
parlor_video_view_snapshot (GtkWidget *widget, GtkSnapshot *snapshot)
{
  ParlorVideoView *self = PARLOR_VIDEO_VIEW (widget);
  double width = gtk_widget_get_width (widget);
  double height = gtk_widget_get_height (widget);
  double aspect;
  graphene_rect_t place;

  if (!GDK_IS_PAINTABLE (self->view))
    return;
  aspect = gdk_paintable_get_intrinsic_aspect_ratio (GDK_PAINTABLE (self->view));
  if (aspect <= 0 || width <= 0 || height <= 0)
    return;

  parlor_video_view_fit (width, height, aspect, self->contain, &place);
  gtk_snapshot_save (snapshot);
  if (self->mirrored)
    {
      gtk_snapshot_translate (snapshot, &GRAPHENE_POINT_INIT (width, 0));
      gtk_snapshot_scale (snapshot, -1, 1);
    }
  gtk_snapshot_translate (snapshot, &place.origin);
  gdk_paintable_snapshot (GDK_PAINTABLE (self->view), snapshot, place.size.width, place.size.height);
  gtk_snapshot_restore (snapshot);
}

static void
parlor_video_view_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  ParlorVideoView *self = PARLOR_VIDEO_VIEW (object);

  switch (id)
    {
    case PROP_VIEW:
      g_value_set_object (value, self->view);
      break;
    case PROP_MIRRORED:
      g_value_set_boolean (value, self->mirrored);
      break;
    case PROP_CONTAIN:
      g_value_set_boolean (value, self->contain);
      break;
    case PROP_RATIO:
      g_value_set_double (value, self->ratio);
      break;
    case PROP_HAS_PICTURE:
      g_value_set_boolean (value, has_picture (self));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
parlor_video_view_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  ParlorVideoView *self = PARLOR_VIDEO_VIEW (object);

  switch (id)
    {
    case PROP_VIEW:
      set_view (self, g_value_get_object (value));
      break;
    case PROP_MIRRORED:
      set_flag (self, &self->mirrored, g_value_get_boolean (value), PROP_MIRRORED);
      break;
    case PROP_CONTAIN:
      set_flag (self, &self->contain, g_value_get_boolean (value), PROP_CONTAIN);
      break;
    case PROP_RATIO:
      set_ratio (self, g_value_get_double (value));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
parlor_video_view_dispose (GObject *object)
{
  set_view (PARLOR_VIDEO_VIEW (object), NULL);
  G_OBJECT_CLASS (parlor_video_view_parent_class)->dispose (object);
}

static void
parlor_video_view_class_init (ParlorVideoViewClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);
  const GParamFlags flags = G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;

  object_class->get_property = parlor_video_view_get_property;
  object_class->set_property = parlor_video_view_set_property;
  object_class->dispose = parlor_video_view_dispose;
  widget_class->get_request_mode = parlor_video_view_get_request_mode;
  widget_class->measure = parlor_video_view_measure;
  widget_class->snapshot = parlor_video_view_snapshot;

  props[PROP_VIEW] = g_param_spec_object ("view", NULL, NULL, G_TYPE_OBJECT, flags);
  props[PROP_MIRRORED] = g_param_spec_boolean ("mirrored", NULL, NULL, FALSE, flags);
  props[PROP_CONTAIN] = g_param_spec_boolean ("contain", NULL, NULL, FALSE, flags);
  props[PROP_RATIO] = g_param_spec_double ("ratio", NULL, NULL, 0, 10, 0, flags);
  props[PROP_HAS_PICTURE] = g_param_spec_boolean ("has-picture", NULL, NULL, FALSE,
                                                  G_PARAM_READABLE | G_PARAM_EXPLICIT_NOTIFY
                                                    | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, props);

  gtk_widget_class_set_css_name (widget_class, "videoview");
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_IMG);
}

static void
parlor_video_view_init (ParlorVideoView *self)
{
  gtk_widget_set_overflow (GTK_WIDGET (self), GTK_OVERFLOW_HIDDEN);
}

/**
 * parlor_video_view_new:
 *
 * Returns: (transfer floating): a view that shows nothing yet
 */
GtkWidget *
parlor_video_view_new (void)
{
  return g_object_new (PARLOR_TYPE_VIDEO_VIEW, NULL);
}

/**
 * parlor_video_view_fit:
 * @width: of the place, in any unit
 * @height: of the place, in the same
 * @aspect: width : height of the picture, above 0
 * @contain: whether all of the picture must be seen; otherwise all of the place is filled
 * @out: (out caller-allocates): where the picture goes, centred; may reach beyond the place
 */
void
parlor_video_view_fit (double width, double height, double aspect, gboolean contain, graphene_rect_t *out)
{
  gboolean by_width = (width / height > aspect) != contain;
  double w = by_width ? width : height * aspect;
  double h = by_width ? width / aspect : height;

  graphene_rect_init (out, (width - w) / 2, (height - h) / 2, w, h);
}
