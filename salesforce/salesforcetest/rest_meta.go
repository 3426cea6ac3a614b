package salesforcetest

import (
	"fmt"
	"hash/fnv"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/orglink/orglink/salesforce/salesforcetest/internal/engine"
)

// routes are the resources below /services/data/vNN.N. More specific patterns
// come first.
func routes() []route {
	type m = map[string]handler
	return []route{
		on("sobjects", m{"GET": (*call).describeGlobal}),
		onData("sobjects/{object}", m{"GET": (*call).objectBasics, "POST": (*call).create}),
		on("sobjects/{object}/describe", m{"GET": (*call).describe}),
		on("sobjects/{object}/updated", m{"GET": (*call).updated}),
		on("sobjects/{object}/deleted", m{"GET": (*call).deleted}),
		onData("sobjects/{object}/{id}", m{"GET": (*call).get, "POST": (*call).createById, "PATCH": (*call).update, "DELETE": (*call).remove}),
		onData("sobjects/{object}/{field}/{value}", m{"GET": (*call).getByKey, "PATCH": (*call).upsert, "DELETE": (*call).removeByKey}),
		on("sobjects/{object}/{id}/{r1}/{r2}", m{"GET": (*call).farRelated}),
		on("sobjects/{object}/{id}/{r1}/{r2}/{r3}", m{"GET": (*call).farRelated}),
		on("sobjects/{object}/{id}/{r1}/{r2}/{r3}/{r4}", m{"GET": (*call).farRelated}),
		on("sobjects/{object}/{id}/{r1}/{r2}/{r3}/{r4}/{r5}", m{"GET": (*call).farRelated}),
		onData("query", m{"GET": (*call).queryLive}),
		onData("queryAll", m{"GET": (*call).queryEvery}),
		on("query/{locator}", m{"GET": (*call).queryMore}),
		on("queryAll/{locator}", m{"GET": (*call).queryMore}),
		on("search", m{"GET": (*call).search}),
		on("parameterizedSearch", m{"GET": (*call).searchByAddress, "POST": (*call).searchByParameters}),
		on("quickActions", m{"GET": (*call).quickActions}),
		on("tooling/query", m{"GET": (*call).toolingQuery}),
		on("tabs", m{"GET": (*call).tabs}),
		on("appMenu/{menu}", m{"GET": (*call).appMenu}),
		on("chatter/users/me", m{"GET": (*call).chatterMe}),
		on("limits", m{"GET": (*call).limits}),
		on("limits/recordCount", m{"GET": (*call).recordCount}),
		on("recent", m{"GET": (*call).recent}),
		on("composite", m{"POST": (*call).composite}),
		on("composite/graph", m{"POST": (*call).graphs}),
		on("composite/batch", m{"POST": (*call).batch}),
		onData("composite/sobjects", m{"POST": (*call).createMany, "PATCH": (*call).updateMany, "DELETE": (*call).removeMany}),
		onData("composite/sobjects/{object}", m{"GET": (*call).getMany, "POST": (*call).getManyByBody}),
		onData("composite/sobjects/{object}/{field}", m{"PATCH": (*call).upsertMany}),
		on("composite/tree/{object}", m{"POST": (*call).tree}),
		on("jobs/query", m{"GET": (*call).listQueryJobs, "POST": (*call).createQueryJob}),
		on("jobs/query/{job}", m{"GET": (*call).queryJob, "PATCH": (*call).abortQueryJob, "DELETE": (*call).deleteQueryJob}),
		on("jobs/query/{job}/results", m{"GET": (*call).queryResults}),
		on("jobs/query/{job}/resultPages", m{"GET": (*call).queryResultPages}),
		on("jobs/ingest", m{"GET": (*call).listIngestJobs, "POST": (*call).createIngestJob}),
		on("jobs/ingest/{job}", m{"GET": (*call).ingestJob, "PATCH": (*call).patchIngestJob, "DELETE": (*call).deleteIngestJob}),
		on("jobs/ingest/{job}/batches", m{"PUT": (*call).uploadIngest}),
		on("jobs/ingest/{job}/successfulResults", m{"GET": (*call).ingestSuccessful}),
		on("jobs/ingest/{job}/failedResults", m{"GET": (*call).ingestFailed}),
		on("jobs/ingest/{job}/unprocessedrecords", m{"GET": (*call).ingestUnprocessed}),
		on("jobs/ingest/{job}/unprocessedRecords", m{"GET": (*call).ingestUnprocessed}),
	}
}

type versionEntry struct {
	Label   string `json:"label"`
	URL     string `json:"url"`
	Version string `json:"version"`
}

// versions lists the API versions, oldest first, without authentication.
func (c *call) versions() answer {
	newest, _ := strconv.Atoi(strings.TrimSuffix(c.s.cfg.APIVersion, ".0"))
	var out []versionEntry
	for n := oldestVersion; n <= newest; n++ {
		v := fmt.Sprintf("%d.0", n)
		out = append(out, versionEntry{release(n), "/services/data/v" + v, v})
	}
	return jsonAnswer(http.StatusOK, out)
}

// release names the release of an API version; 31.0 was Summer '14 and three
// follow each year.
func release(version int) string {
	n := version - oldestVersion
	season := []string{"Summer", "Winter", "Spring"}[n%3]
	year := 14 + n/3
	if n%3 > 0 {
		year++
	}
	return fmt.Sprintf("%s '%d", season, year)
}

// resources lists what the fake has; the others that an org lists are absent,
// because they are absent.
func (c *call) resources() answer {
	type resource struct{ name, path string }
	var b strings.Builder
	b.WriteByte('{')
	for i, r := range []resource{
		{"tooling", "/tooling"}, {"chatter", "/chatter"}, {"tabs", "/tabs"}, {"appMenu", "/appMenu"}, {"quickActions", "/quickActions"}, {"search", "/search"}, {"parameterizedSearch", "/parameterizedSearch"}, {"recent", "/recent"}, {"limits", "/limits"}, {"query", "/query"}, {"queryAll", "/queryAll"},
		{"composite", "/composite"}, {"jobs", "/jobs"}, {"sobjects", "/sobjects"},
	} {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(strconv.Quote(r.name) + ":" + strconv.Quote(c.base()+r.path))
	}
	b.WriteString(`,"identity":` + string(encode(c.s.cfg.LoginURL+c.s.identityPath(c.user.User))) + "}")
	return rawJSON(http.StatusOK, []byte(b.String()))
}

func (c *call) describeOptions() engine.DescribeOptions {
	return engine.DescribeOptions{Base: c.base(), InstanceURL: c.s.URL}
}

func (c *call) describeGlobal() answer {
	d, err := c.s.org.DescribeGlobal(c.user, c.describeOptions())
	if err != nil {
		return c.refusal(err)
	}
	return c.conditional(jsonAnswer(http.StatusOK, d))
}

func (c *call) describe() answer {
	d, err := c.s.org.Describe(c.user, c.params["object"], c.describeOptions())
	if err != nil {
		return c.refusal(err)
	}
	return c.conditional(jsonAnswer(http.StatusOK, d))
}

// conditional gives an answer about the schema its validators, and answers 304
// to a client that has it already.
func (c *call) conditional(a answer) answer {
	changed := c.s.org.SchemaChanged().UTC().Truncate(time.Second)
	h := fnv.New32a()
	_, _ = h.Write(a.body)
	tag := fmt.Sprintf(`"%08x"`, h.Sum32())
	if acceptsGzip(c.header.Get("Accept-Encoding")) {
		tag = fmt.Sprintf(`"%08x--gzip"`, h.Sum32())
	}
	if until, err := http.ParseTime(c.header.Get("If-Unmodified-Since")); err == nil && changed.After(until) {
		return empty(http.StatusPreconditionFailed).with("ETag", tag).with("Last-Modified", changed.Format(http.TimeFormat))
	}
	fresh := false
	if since, err := http.ParseTime(c.header.Get("If-Modified-Since")); err == nil {
		fresh = !changed.After(since)
	}
	if match := c.header.Get("If-None-Match"); match != "" {
		bare := func(tag string) string { return strings.TrimSuffix(strings.Trim(tag, `"`), "--gzip") }
		fresh = slices.ContainsFunc(strings.Split(match, ","), func(one string) bool {
			one = strings.TrimPrefix(strings.TrimSpace(one), "W/")
			return one == "*" || bare(one) == bare(tag)
		})
	}
	if fresh {
		a = empty(http.StatusNotModified)
	}
	return a.with("ETag", tag).with("Last-Modified", changed.Format(http.TimeFormat))
}

func (c *call) recordCount() answer {
	var objects []string
	if list := c.query.Get("sObjects"); list != "" {
		for _, name := range strings.Split(list, ",") {
			objects = append(objects, strings.TrimSpace(name))
		}
	}
	type count struct {
		Count int    `json:"count"`
		Name  string `json:"name"`
	}
	out := struct {
		SObjects []count `json:"sObjects"`
	}{SObjects: []count{}}
	for _, n := range c.s.org.RecordCount(c.user, objects) {
		if n.Count == 0 {
			continue // as recorded: an object without records is not told
		}
		out.SObjects = append(out.SObjects, count{n.Count, n.Name})
	}
	return jsonAnswer(http.StatusOK, out)
}
