// SPDX-License-Identifier: GPL-3.0-or-later

// The relay that ours is measured beside: gorilla/websocket, rooms, and locks, as such relays are commonly written, but
// one that neither races nor forgets to clean up. It does less than ours, as it looks at nothing that it passes on:
// the first message of a client is answered with a welcome, any other goes to all others in the room as it came.
//
// Usage: relay [FILE]: with a certificate and its key (PEM) it speaks TLS.
package main

import (
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"os"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

const (
	pingInterval = 20 * time.Second
	pingSlices   = 20 // a twentieth of all each second, so that they do not come in a burst
	writeTimeout = 10 * time.Second
)

type client struct {
	socket *websocket.Conn
	number int
	lock   sync.Mutex // gorilla allows one writer at a time
}

func (c *client) say(kind int, data []byte) {
	c.lock.Lock()
	defer c.lock.Unlock()
	c.socket.SetWriteDeadline(time.Now().Add(writeTimeout))
	if c.socket.WriteMessage(kind, data) != nil {
		c.socket.Close()
	}
}

type room struct {
	lock    sync.RWMutex
	clients map[*client]bool
}

var (
	lock     sync.Mutex
	rooms    = map[string]*room{}
	everyone = map[*client]bool{}
	arrivals int
	upgrader = websocket.Upgrader{Subprotocols: []string{"parlor.1"}, CheckOrigin: func(*http.Request) bool { return true }}
)

func join(name string, c *client) *room {
	lock.Lock()
	defer lock.Unlock()
	r := rooms[name]
	if r == nil {
		r = &room{clients: map[*client]bool{}}
		rooms[name] = r
	}
	r.lock.Lock()
	r.clients[c] = true
	r.lock.Unlock()
	everyone[c] = true
	arrivals++
	c.number = arrivals
	return r
}

func leave(name string, r *room, c *client) {
	lock.Lock()
	defer lock.Unlock()
	delete(everyone, c)
	r.lock.Lock()
	delete(r.clients, c)
	if len(r.clients) == 0 {
		delete(rooms, name)
	}
	r.lock.Unlock()
}

func (r *room) passOn(from *client, kind int, data []byte) {
	r.lock.RLock()
	defer r.lock.RUnlock()
	for c := range r.clients {
		if c != from {
			c.say(kind, data)
		}
	}
}

func serve(w http.ResponseWriter, request *http.Request) {
	socket, err := upgrader.Upgrade(w, request, nil)
	if err != nil {
		return
	}
	defer socket.Close()
	socket.SetReadLimit(64 * 1024)
	c := &client{socket: socket}
	r := join(request.URL.Path, c)
	defer leave(request.URL.Path, r, c)

	if _, _, err = socket.ReadMessage(); err != nil {
		return
	}
	c.say(websocket.TextMessage, []byte(fmt.Sprintf(`{"type":"welcome","id":"%022d"}`, c.number)))
	for {
		kind, data, err := socket.ReadMessage()
		if err != nil {
			return
		}
		r.passOn(c, kind, data)
	}
}

func pingAll() {
	for slice := 0; ; slice++ {
		time.Sleep(pingInterval / pingSlices)
		var due []*client
		lock.Lock()
		for c := range everyone {
			if c.number%pingSlices == slice%pingSlices {
				due = append(due, c)
			}
		}
		lock.Unlock()
		for _, c := range due {
			c.say(websocket.PingMessage, nil)
		}
	}
}

func main() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	if len(os.Args) > 1 {
		certificate, err := tls.LoadX509KeyPair(os.Args[1], os.Args[1])
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		listener = tls.NewListener(listener, &tls.Config{Certificates: []tls.Certificate{certificate}})
	}
	fmt.Printf("Listening on %s\n", listener.Addr())
	go pingAll()
	http.Serve(listener, http.HandlerFunc(serve))
}
