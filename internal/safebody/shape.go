package safebody

import "net/http"

// shape is what JSON bodies look like.
type shape struct {
	template string // the file under templates
	offers   []offer
}

var plainJSON = offer{kindJSON, "application/json", "application/json"}

// shapes are the shapes by name. A client that asks for application/json gets its
// problem under that name: a problem document is JSON, and clients compare the
// type of an answer with the one that they asked for.
var shapes = map[string]shape{
	"problem": {"problem.json", []offer{{kindJSON, "application/problem+json", "application/problem+json"}, plainJSON}},
	"drf":     {"drf.json", []offer{plainJSON}},
	"graphql": {"graphql.json", []offer{
		plainJSON, {kindJSON, "application/graphql-response+json", "application/graphql-response+json"},
	}},
	"grpc-json": {"grpc.json", []offer{plainJSON}},
}

// graphQLCode returns the code that servers of GraphQL commonly give such errors
// in "extensions".
func graphQLCode(status int) string {
	switch status {
	case http.StatusBadRequest, http.StatusUnprocessableEntity:
		return "BAD_USER_INPUT"
	case http.StatusUnauthorized:
		return "UNAUTHENTICATED"
	case http.StatusForbidden:
		return "FORBIDDEN"
	case http.StatusNotFound:
		return "NOT_FOUND"
	}
	if status >= 400 && status < 500 {
		return "BAD_REQUEST"
	}
	return "INTERNAL_SERVER_ERROR"
}

// grpcCode returns the code of gRPC whose HTTP mapping (google/rpc/code.proto) is
// the status, or the one nearest in meaning.
func grpcCode(status int) int {
	switch status {
	case http.StatusUnauthorized:
		return 16 // UNAUTHENTICATED
	case http.StatusForbidden:
		return 7 // PERMISSION_DENIED
	case http.StatusNotFound, http.StatusGone:
		return 5 // NOT_FOUND
	case http.StatusRequestTimeout, http.StatusGatewayTimeout:
		return 4 // DEADLINE_EXCEEDED
	case http.StatusConflict:
		return 10 // ABORTED
	case http.StatusPreconditionFailed:
		return 9 // FAILED_PRECONDITION
	case http.StatusTooManyRequests:
		return 8 // RESOURCE_EXHAUSTED
	case http.StatusNotImplemented, http.StatusMethodNotAllowed:
		return 12 // UNIMPLEMENTED
	case http.StatusBadGateway, http.StatusServiceUnavailable:
		return 14 // UNAVAILABLE
	}
	if status >= 400 && status < 500 {
		return 3 // INVALID_ARGUMENT
	}
	return 13 // INTERNAL
}
