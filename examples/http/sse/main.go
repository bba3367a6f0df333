// SPDX-License-Identifier: Apache-2.0

// hello-sse: an agent that speaks plain HTTP and streams its answer as
// server-sent events. Standard library only: it listens within milliseconds.
//
// Some of its paths misbehave on purpose (/sleep, /close, /status): with them
// one can see what a client gets when an agent is slow or breaks off.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"os/signal"
	"strconv"
	"syscall"
	"time"
)

const version = "0.1.0"

// number reads a query parameter within bounds. It has answered 400 when it returns false.
func number(w http.ResponseWriter, r *http.Request, name string, preset, low, high int) (int, bool) {
	value := r.URL.Query().Get(name)
	if value == "" {
		return preset, true
	}
	n, err := strconv.Atoi(value)
	if err != nil || n < low || n > high {
		http.Error(w, fmt.Sprintf("%s must be a number from %d to %d", name, low, high), http.StatusBadRequest)
		return 0, false
	}
	return n, true
}

func writeJSON(w http.ResponseWriter, value any) {
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(value); err != nil {
		log.Printf("answer not written: %v", err)
	}
}

// pause waits unless the client or the whole agent goes first.
func pause(r *http.Request, ms int) bool {
	select {
	case <-time.After(time.Duration(ms) * time.Millisecond):
		return true
	case <-r.Context().Done():
		return false
	}
}

// root says hello, and gives a request's body back as it arrives.
func root(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodPost || r.Method == http.MethodPut {
		// Answer while the body is still coming in.
		_ = http.NewResponseController(w).EnableFullDuplex()
		kind := r.Header.Get("Content-Type")
		if kind == "" {
			kind = "application/octet-stream"
		}
		w.Header().Set("Content-Type", kind)
		if _, err := io.Copy(flushing{w}, r.Body); err != nil {
			panic(http.ErrAbortHandler)
		}
		return
	}
	host, _ := os.Hostname()
	writeJSON(w, map[string]any{
		"agent":   "hello-sse",
		"version": version,
		"pod":     host,
		"method":  r.Method,
		"path":    r.URL.RequestURI(),
	})
}

// flushing hands every write on at once.
type flushing struct{ http.ResponseWriter }

func (f flushing) Write(p []byte) (int, error) {
	n, err := f.ResponseWriter.Write(p)
	if err == nil {
		err = http.NewResponseController(f.ResponseWriter).Flush()
	}
	return n, err
}

// stream sends n events, one every interval_ms; n=0 goes on until the client leaves.
func stream(w http.ResponseWriter, r *http.Request) {
	n, ok := number(w, r, "n", 5, 0, 1000000)
	if !ok {
		return
	}
	interval, ok := number(w, r, "interval_ms", 200, 0, 60000)
	if !ok {
		return
	}
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	out := flushing{w}
	for i := 1; n == 0 || i <= n; i++ {
		if i > 1 && !pause(r, interval) {
			panic(http.ErrAbortHandler) /* an end that looks like one would be a lie */
		}
		at := time.Now().UnixMilli()
		if _, err := fmt.Fprintf(out, "id: %d\nevent: tick\ndata: {\"n\":%d,\"sent_ms\":%d}\n\n", i, i, at); err != nil {
			return
		}
	}
	_, _ = fmt.Fprint(out, "event: end\ndata: {}\n\n")
}

// sleep answers after ms milliseconds.
func sleep(w http.ResponseWriter, r *http.Request) {
	ms, ok := number(w, r, "ms", 1000, 0, 3600000)
	if !ok {
		return
	}
	if pause(r, ms) {
		writeJSON(w, map[string]int{"slept_ms": ms})
	}
}

// headers shows the request as it arrived here.
func headers(w http.ResponseWriter, r *http.Request) {
	writeJSON(w, map[string]any{
		"method": r.Method, "uri": r.RequestURI, "host": r.Host,
		"remote": r.RemoteAddr, "headers": r.Header,
	})
}

// closeEarly breaks the connection: before the first byte, or after `after` events.
func closeEarly(w http.ResponseWriter, r *http.Request) {
	after, ok := number(w, r, "after", 1, 0, 1000)
	if !ok {
		return
	}
	if after > 0 {
		w.Header().Set("Content-Type", "text/event-stream")
		for i := 1; i <= after; i++ {
			_, _ = fmt.Fprintf(flushing{w}, "data: %d\n\n", i)
		}
	}
	panic(http.ErrAbortHandler) // net/http closes the connection, without the last chunk
}

// status answers with the wanted code.
func status(w http.ResponseWriter, r *http.Request) {
	code, ok := number(w, r, "code", 200, 200, 599)
	if !ok {
		return
	}
	w.WriteHeader(code)
	_, _ = fmt.Fprintf(w, "%d\n", code)
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()

	// START_DELAY_MS plays an agent that takes its time before it listens.
	if delay, err := strconv.Atoi(os.Getenv("START_DELAY_MS")); err == nil && delay > 0 {
		select {
		case <-time.After(time.Duration(delay) * time.Millisecond):
		case <-ctx.Done():
			return
		}
	}

	mux := http.NewServeMux()
	mux.HandleFunc("/", root)
	mux.HandleFunc("/stream", stream)
	mux.HandleFunc("/sleep", sleep)
	mux.HandleFunc("/headers", headers)
	mux.HandleFunc("/close", closeEarly)
	mux.HandleFunc("/status", status)

	port := os.Getenv("PORT")
	if port == "" {
		port = "8080"
	}
	server := &http.Server{Addr: ":" + port, Handler: mux, ReadHeaderTimeout: 10 * time.Second}

	failed := make(chan error, 1)
	go func() { failed <- server.ListenAndServe() }()
	log.Printf("hello-sse %s listens on %s", version, server.Addr)

	select {
	case err := <-failed:
		log.Fatalf("cannot serve: %v", err)
	case <-ctx.Done():
	}
	log.Print("SIGTERM: finishing")
	grace, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := server.Shutdown(grace); err != nil {
		log.Printf("some requests did not end in time: %v", err)
		_ = server.Close()
	}
	log.Print("done")
}
