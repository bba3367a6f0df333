// SPDX-License-Identifier: Apache-2.0

// goproxy is what one writes in an afternoon instead of krypton-proxy: httputil.ReverseProxy behind a semaphore. It is tuned
// as far as its options go, so that the comparison is fair.
//
//	goproxy -listen ADDRESS -upstream http://ADDRESS [-concurrency N]
package main

import (
	"flag"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"sync"
	"time"
)

const bufferBytes = 64 * 1024

// pool spares each answer its own copying buffer.
type pool struct{ buffers sync.Pool }

func (p *pool) Get() []byte  { return *p.buffers.Get().(*[]byte) }
func (p *pool) Put(b []byte) { p.buffers.Put(&b) }

func newPool() *pool {
	return &pool{sync.Pool{New: func() any { b := make([]byte, bufferBytes); return &b }}}
}

// limited admits as many requests at once as there is room for, and refuses the others at once.
func limited(next http.Handler, room int) http.Handler {
	slots := make(chan struct{}, room)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		select {
		case slots <- struct{}{}:
			defer func() { <-slots }()
			next.ServeHTTP(w, r)
		default:
			w.Header().Set("Retry-After", "1")
			http.Error(w, "over capacity", http.StatusServiceUnavailable)
		}
	})
}

func main() {
	listen := flag.String("listen", "127.0.0.1:0", "where clients come")
	upstream := flag.String("upstream", "", "http://ADDRESS where requests go")
	concurrency := flag.Int("concurrency", 100000, "requests at the same time")
	flag.Parse()
	target, err := url.Parse(*upstream)
	if err != nil || target.Host == "" {
		log.Fatalf("goproxy: -upstream=%s: must be http://ADDRESS", *upstream)
	}
	proxy := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(target); r.SetXForwarded() },
		Transport: &http.Transport{
			DialContext:         (&net.Dialer{Timeout: 2 * time.Second}).DialContext,
			MaxIdleConns:        0,
			MaxIdleConnsPerHost: 4096,
			IdleConnTimeout:     time.Hour,
			DisableCompression:  true,
			ReadBufferSize:      4096,
			WriteBufferSize:     4096,
		},
		FlushInterval: -1,
		BufferPool:    newPool(),
		ErrorLog:      log.New(io.Discard, "", 0), // each window ends with requests that nobody waits for any more
	}
	log.Fatal(http.ListenAndServe(*listen, limited(proxy, *concurrency)))
}
