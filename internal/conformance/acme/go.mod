module example.com/acme

go 1.26.0

require github.com/orglink/orglink v0.0.0

require (
	github.com/hashicorp/go-cleanhttp v0.5.2 // indirect
	github.com/hashicorp/go-retryablehttp v0.7.8 // indirect
	golang.org/x/oauth2 v0.37.0 // indirect
)

replace github.com/orglink/orglink => ../../..
