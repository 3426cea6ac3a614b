module github.com/orglink/orglink/internal/bench

go 1.26

require github.com/orglink/orglink v0.0.0

replace github.com/orglink/orglink => ../..
