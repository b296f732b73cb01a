#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# virtual-camera.sh NAME [PROPERTY=VALUE...]: a camera of PipeWire's with pictures of videotestsrc, until SIGTERM unplugs it.
# pipewiresink (PipeWire 0.3.65) writes now and then into a buffer that was taken from it, and dies: then it is plugged in again.
# It does not outlive who started it.
[ -n "$PARLOR_CAMERA_TIED" ] || exec env PARLOR_CAMERA_TIED=1 setpriv --pdeathsig TERM "$0" "$@"
name=$1
shift
trap 'kill -KILL $camera; exit' TERM
while :; do
  gst-launch-1.0 --no-fault -q videotestsrc is-live=true "$@" ! \
    video/x-raw,format=YUY2,width=640,height=360,framerate=30/1 ! pipewiresink mode=provide \
    "stream-properties=props,media.class=Video/Source,media.role=Camera,node.name=$name,node.description=$name,node.nick=$name" &
  camera=$!
  wait $camera
  [ $? -eq 139 ] || exit
  echo "# the virtual camera died" >&2
done
