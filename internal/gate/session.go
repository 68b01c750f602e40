package gate

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"sync"
	"time"
)

const (
	// CookieName is that of the session's cookie, and secureName that under TLS: what
	// begins with __Host- browsers take from nobody else, not from another subdomain
	// either.
	CookieName = "redactd-session"
	secureName = "__Host-" + CookieName
	// maxSessions bounds how many there are; beyond, the one unused longest ends.
	maxSessions = 1000
	// idBytes is the length of ids and form tokens, all of it random.
	idBytes = 32
)

// session is one log-in, kept in memory: a restart ends it.
type session struct {
	id    sum // of the id in the cookie, which is kept nowhere
	token sum // of what was typed in
	form  string
	begun time.Time
	used  time.Time
	ctx   context.Context // ends with the session
	end   context.CancelFunc
	timer *time.Timer // ends it when it was not used
}

// sessions are all of them. It is safe for concurrent use.
type sessions struct {
	mu   sync.Mutex
	byID map[sum]*session
}

func random() string {
	b := make([]byte, idBytes)
	_, _ = rand.Read(b) // never fails
	return base64.RawURLEncoding.EncodeToString(b)
}

// begin makes a session for who typed in a token, and returns its id.
func (s *sessions) begin(token sum, r *Rules, now time.Time) (id string, made *session) {
	id = random()
	made = &session{id: sha256.Sum256([]byte(id)), token: token, form: random(), begun: now, used: now}
	made.ctx, made.end = context.WithCancel(context.Background())
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.byID == nil {
		s.byID = map[sum]*session{}
	}
	if len(s.byID) >= maxSessions {
		var oldest *session
		for _, one := range s.byID {
			if oldest == nil || one.used.Before(oldest.used) {
				oldest = one
			}
		}
		s.drop(oldest)
	}
	s.byID[made.id] = made
	made.timer = time.AfterFunc(min(r.idle, r.longest), func() { s.finish(made) })
	return id, made
}

// find returns the session with that id, with who it is of by the rules in force. A use
// puts its end off; what asks for news by itself is none.
func (s *sessions) find(id string, r *Rules, now time.Time, use bool) (*session, token, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	found := s.byID[sha256.Sum256([]byte(id))]
	if found == nil {
		return nil, token{}, false
	}
	rest := min(r.longest-now.Sub(found.begun), r.idle-now.Sub(found.used))
	who, ok := r.lookUp(found.token)
	if !ok || rest <= 0 {
		s.drop(found)
		return nil, token{}, false
	}
	if use {
		found.used = now
		found.timer.Reset(min(r.idle, r.longest-now.Sub(found.begun)))
	}
	return found, who, true
}

// finish ends a session.
func (s *sessions) finish(one *session) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.drop(one)
}

func (s *sessions) drop(one *session) {
	delete(s.byID, one.id)
	one.timer.Stop()
	one.end()
}

// cookieOf returns the id of the session in a request's cookie, "" without. Of two
// cookies with its name one was planted: then there is none.
func cookieOf(r *http.Request) string {
	found := r.CookiesNamed(nameOf(r))
	if len(found) != 1 || len(found[0].Value) != base64.RawURLEncoding.EncodedLen(idBytes) {
		return ""
	}
	return found[0].Value
}

func nameOf(r *http.Request) string {
	if r.TLS != nil {
		return secureName
	}
	return CookieName
}

// setCookie hands a session to the browser; id "" takes it back.
func setCookie(w http.ResponseWriter, r *http.Request, id string) {
	c := &http.Cookie{
		Name: nameOf(r), Value: id, Path: "/", HttpOnly: true, SameSite: http.SameSiteStrictMode, Secure: r.TLS != nil,
	}
	if id == "" {
		c.MaxAge = -1
	}
	http.SetCookie(w, c)
}
