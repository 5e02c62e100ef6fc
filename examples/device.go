// A device, small enough to read at once, with gorilla/websocket: go run examples/device.go ID TOKEN [URL] < fixes
//
// Each line of the input is one fix in JSON: {"at":"2026-11-23T10:00:00Z","lon":24.94,"lat":60.17}. What was read is
// kept until the server has acknowledged it, so nothing is lost while the server, or the network, is away, and nothing
// is stored twice. It ends with the input, when all is stored.
package main

import (
	"bufio"
	"crypto/rand"
	"errors"
	"fmt"
	"log"
	mathrand "math/rand"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/gorilla/websocket"
)

const (
	kept        = 86_400 // fixes; more than a day's drop the oldest
	batch       = 100    // fixes in a frame; what the server takes may be less
	longestWait = 30 * time.Second
	patience    = 30 * time.Second // without an answer that is awaited, after which a connection is taken for dead
)

// message is whatever the server says.
type message struct {
	Type, ID, Code, Message string
	Seq, Acked              int64
	Window                  int
	MaxFixes                int   `json:"max_fixes"`
	MaxBytes                int   `json:"max_bytes"`
	AfterMs                 int64 `json:"after_ms"`
}

type frame struct {
	seq   int64
	text  string
	again bool // only an earlier connection has sent it
}

type device struct {
	id, token, url, boot string
	seq                  int64
	input                chan string // fixes; nil once they have ended
	live, backlog        []string    // fixes not yet sent, measured during this connection, and before it
	frames               []frame     // what was sent and is not answered, oldest first; at most the window
	welcome              *message    // what the server takes; nil: not connected
	after                time.Duration
	heard                bool // this connection was answered a frame
}

func (d *device) put(fix string, more bool) {
	if !more {
		d.input = nil
		return
	}
	d.live = append(d.live, fix)
	if len(d.live)+len(d.backlog) > kept {
		if len(d.backlog) > 0 {
			d.backlog = d.backlog[1:]
		} else {
			d.live = d.live[1:]
		}
	}
}

func (d *device) isDone() bool {
	return d.input == nil && len(d.live)+len(d.backlog)+len(d.frames) == 0
}

// run ends when all is stored, or when the server says that it does not want this device back.
func (d *device) run() error {
	failures := 0
	for !d.isDone() {
		d.after, d.heard, d.welcome = 0, false, nil
		code, err := d.converse()
		if d.isDone() {
			break
		}
		log.Printf("closed: %d %v", code, err)
		if code == 401 || code == 403 || code == 404 || code >= 4500 && code <= 4999 {
			return fmt.Errorf("the server refuses %s: %d %w", d.id, code, err)
		}
		if failures++; d.heard {
			failures = 0
		} else if failures > 6 {
			failures = 6
		}
		wait := time.Second << failures
		if wait > longestWait {
			wait = longestWait
		}
		d.sleep(d.after + wait/2 + time.Duration(mathrand.Int63n(int64(wait/2))))
	}
	return nil
}

// sleep keeps what is measured meanwhile.
func (d *device) sleep(wait time.Duration) {
	end := time.After(wait)
	for {
		select {
		case fix, more := <-d.input:
			d.put(fix, more)
		case <-end:
			return
		}
	}
}

// converse is one connection, to its end: the code it was closed with, or the status of a refusal, and why.
func (d *device) converse() (int, error) {
	dialer := websocket.Dialer{HandshakeTimeout: 15 * time.Second, Proxy: http.ProxyFromEnvironment}
	ws, answer, err := dialer.Dial(d.url, http.Header{"Authorization": {"Bearer " + d.token}})
	if err != nil {
		if answer == nil {
			return 1006, err
		}
		seconds, _ := strconv.Atoi(answer.Header.Get("Retry-After"))
		d.after = time.Duration(seconds) * time.Second
		return answer.StatusCode, err
	}
	defer ws.Close()
	messages, ended, left := make(chan message), make(chan error, 1), make(chan struct{})
	defer close(left)
	go listen(ws, messages, ended, left)
	if err := ws.WriteJSON(map[string]any{"type": "hello", "device": d.id, "boot": d.boot, "version": 1}); err != nil {
		return 1006, err
	}
	quiet := time.NewTicker(patience)
	defer quiet.Stop()
	for !d.isDone() {
		select {
		case fix, more := <-d.input:
			d.put(fix, more)
		case said := <-messages:
			quiet.Reset(patience)
			d.hear(ws, said)
		case err := <-ended:
			var closed *websocket.CloseError
			if errors.As(err, &closed) {
				return closed.Code, errors.New(closed.Text)
			}
			return 1006, err
		case <-quiet.C:
			if d.welcome == nil || len(d.frames) > 0 {
				return 1006, errors.New("nothing was answered")
			}
		}
		d.send(ws)
	}
	return 1000, nil
}

func listen(ws *websocket.Conn, messages chan<- message, ended chan<- error, left <-chan struct{}) {
	for {
		var said message
		if err := ws.ReadJSON(&said); err != nil {
			ended <- err
			return
		}
		select {
		case messages <- said:
		case <-left:
			return
		}
	}
}

func (d *device) hear(ws *websocket.Conn, said message) {
	switch said.Type {
	case "welcome":
		d.resume(said)
	case "going_away":
		d.after = time.Duration(said.AfterMs) * time.Millisecond
	case "command": // answered even if not obeyed, else it comes again
		ws.WriteJSON(map[string]any{"type": "result", "id": said.ID, "ok": false, "detail": "this device obeys nothing"})
	case "error":
		log.Printf("error: %s %s", said.Code, said.Message)
	}
	for i := range d.frames { // an ack: it is stored. An error: it never will be
		if d.frames[i].seq == said.Seq {
			d.frames = append(d.frames[:i], d.frames[i+1:]...)
			d.heard = true
			break
		}
	}
}

// resume drops what the server has already; all else goes again, for nobody knows what became of it.
func (d *device) resume(welcome message) {
	d.welcome = &welcome
	var again []frame
	for _, each := range d.frames {
		if each.seq > welcome.Acked {
			again = append(again, frame{each.seq, each.text, true})
		}
	}
	d.frames = again
	d.backlog = append(d.backlog, d.live...)
	d.live = nil
}

// send never has more than the window unanswered: first what goes again, then what is new, then what is old. What
// cannot be written is sent again by the next connection; the reader tells how this one ended.
func (d *device) send(ws *websocket.Conn) {
	if d.welcome == nil {
		return
	}
	for i := range d.frames {
		if d.frames[i].again {
			d.frames[i].again = false
			ws.WriteMessage(websocket.TextMessage, []byte(d.frames[i].text))
		}
	}
	for len(d.frames) < d.welcome.Window && len(d.live)+len(d.backlog) > 0 {
		ws.WriteMessage(websocket.TextMessage, []byte(d.makeFrame()))
	}
}

// makeFrame takes of the oldest fixes of one lane as many as the server takes in one frame.
func (d *device) makeFrame() string {
	lane, fixes := "live", &d.live
	if len(d.live) == 0 {
		lane, fixes = "backlog", &d.backlog
	}
	count, bytes := 0, 100 // bytes: of what stands around them
	for count < len(*fixes) && count < batch && count < d.welcome.MaxFixes {
		if bytes += len((*fixes)[count]) + 1; count > 0 && bytes > d.welcome.MaxBytes {
			break
		}
		count++
	}
	d.seq++
	joined := strings.Join((*fixes)[:count], ",")
	text := fmt.Sprintf(`{"type":"fixes","seq":%d,"lane":"%s","fixes":[%s]}`, d.seq, lane, joined)
	*fixes = (*fixes)[count:]
	d.frames = append(d.frames, frame{d.seq, text, false})
	return text
}

func read(input chan<- string) {
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		if fix := strings.TrimSpace(lines.Text()); fix != "" {
			input <- fix
		}
	}
	close(input)
}

func main() {
	if len(os.Args) < 3 {
		log.Fatal("go run device.go ID TOKEN [URL] < fixes")
	}
	url := "ws://127.0.0.1:8000/ws/device"
	if len(os.Args) > 3 {
		url = os.Args[3]
	}
	random := make([]byte, 4) // names this life of the counter; after a restart it is another
	if _, err := rand.Read(random); err != nil {
		log.Fatal(err)
	}
	mathrand.Seed(time.Now().UnixNano())
	d := &device{id: os.Args[1], token: os.Args[2], url: url, boot: fmt.Sprintf("%x", random), input: make(chan string)}
	go read(d.input)
	if err := d.run(); err != nil {
		log.Fatal(err)
	}
}
