'use strict';

async function queries({ conn }) {
  const all = await conn.query('SELECT Id, Name FROM Account ORDER BY Name', { autoFetch: true, maxFetch: 100000 });
  const first = await conn.query('SELECT Id, Name FROM Account ORDER BY Name');
  const second = await conn.queryMore(first.nextRecordsUrl);
  const found = await conn.sobject('Account').find({ NumberOfEmployees: { $gte: 10 }, Name: { $lt: 'Account 00013' } }, ['Id', 'Name', 'NumberOfEmployees']).sort({ Name: -1 }).limit(2).execute();
  const count = await conn.sobject('Account').count({ Name: { $like: 'Account 0%' } });
  const stars = await conn.sobject('Contact').select('*, Account.Name').where("LastName = 'Ada'").execute();
  const children = await conn.sobject('Account').select('Name').include('Contacts').select('LastName').end().where("Name = 'Account 00001'").execute();
  const groups = await conn.query('SELECT Name n, COUNT(Id) c FROM Contact GROUP BY Name');
  const deleted = await conn.sobject('Account').find({ IsDeleted: true }, 'Id, IsDeleted').scanAll(true).execute();
  return {
    names: all.records.map((r) => r.Name), total: all.totalSize, done: all.done,
    first: first.records.length, firstDone: first.done, next: first.nextRecordsUrl, second: second.records.length,
    found: found.map((r) => r.Name), count, stars, children, groups: groups.records, deleted: deleted.length, limits: conn.limitInfo,
  };
}

async function records({ conn, attempt }) {
  const Account = conn.sobject('Account');
  const made = await Account.create({ Name: 'Acme', ERP__c: 'E-1', NumberOfEmployees: 3 });
  const read = await Account.retrieve(made.id);
  const updated = await Account.update({ Id: made.id, Name: 'Acme AG', Phone: null });
  const again = await Account.upsert({ ERP__c: 'E-1', Site: 'Bern' }, 'ERP__c');
  const fresh = await Account.upsert({ ERP__c: 'E-2', Name: 'Other' }, 'ERP__c');
  const recent = await Account.recent();
  const gone = await Account.destroy(fresh.id);
  const missing = await attempt(() => Account.retrieve(fresh.id));
  return { made, read, updated, again, fresh, recent: recent.length, gone, missing };
}

async function collections({ conn, attempt }) {
  const rows = Array.from({ length: 250 }, (_, i) => ({ Name: `Row ${i}`, NumberOfEmployees: i === 7 ? -1 : i }));
  const tooMany = await attempt(() => conn.sobject('Account').create(rows));
  const made = await conn.sobject('Account').create(rows, { allowRecursive: true });
  const ids = made.filter((r) => r.success).map((r) => r.id);
  const read = await conn.sobject('Account').retrieve([ids[0], '001000000000001AAA'], { fields: ['Name', 'Owner.Name'] });
  const updated = await conn.sobject('Account').update([{ Id: ids[0], Site: 'Bern' }, { Id: ids[1], NumberOfEmployees: -5 }]);
  const together = await conn.sobject('Account').update([{ Id: ids[0], Site: 'Basel' }, { Id: ids[1], NumberOfEmployees: -5 }], { allOrNone: true });
  const upserted = await conn.sobject('Account').upsert([{ ERP__c: 'A', Name: 'New' }, { ERP__c: 'B', Name: 'New' }], 'ERP__c');
  const destroyed = await conn.sobject('Account').destroy([ids[2], ids[3]]);
  return { tooMany, made, read, updated, together, upserted, destroyed };
}

async function describes({ conn, attempt }) {
  const all = await conn.describeGlobal();
  const account = await conn.describe('Account');
  const layouts = await attempt(() => conn.sobject('Account').layouts());
  const nothing = await attempt(() => conn.describe('Nope__c'));
  const root = await conn.request('/');
  const versions = await conn.request(`${conn.instanceUrl}/services/data`);
  const limits = await conn.limits();
  const tabs = await conn.tabs();
  return {
    names: all.sobjects.map((o) => o.name), globalKeys: Object.keys(all.sobjects[0]), keys: Object.keys(account),
    fieldKeys: Object.keys(account.fields[0]), erp: account.fields.find((f) => f.name === 'ERP__c'),
    industry: account.fields.find((f) => f.name === 'Industry').picklistValues.map((v) => v.value),
    children: account.childRelationships.map((c) => c.relationshipName), nothing, layouts: layouts.name || 'answered',
    root: Object.keys(root), versions: versions.length, limits, tabs: tabs.length,
  };
}

async function searches({ conn }) {
  const sosl = await conn.search('FIND {Zebra} IN ALL FIELDS RETURNING Account(Id, Name), Contact(Id, LastName)');
  const quoted = await conn.search('FIND {"Zebra Works"} IN NAME FIELDS RETURNING Account(Id, Name WHERE NumberOfEmployees > 5 LIMIT 10)');
  const none = await conn.search('FIND {Nothing} RETURNING Account(Id)');
  return { sosl, quoted, none };
}

async function replication({ conn, args }) {
  const start = new Date(Date.now() - 3600e3);
  const end = new Date(Date.now() + 120e3);
  const updated = await conn.sobject('Account').updated(start, end);
  const deleted = await conn.sobject('Account').deleted(start, end);
  const recent = await conn.recent();
  return { updated, deleted, recent, args };
}

async function errors({ conn, jsforce, org, attempt }) {
  const Account = conn.sobject('Account');
  const dead = new jsforce.Connection({ instanceUrl: org.url, accessToken: 'dead', version: '60.0' });
  return {
    malformed: await attempt(() => conn.query('SELECT FROM Account')),
    field: await attempt(() => conn.query('SELECT Nope FROM Account')),
    object: await attempt(() => conn.query('SELECT Id FROM Nope__c')),
    required: await attempt(() => Account.create({ Site: 'x' })),
    rule: await attempt(() => Account.create({ Name: 'x', NumberOfEmployees: -1 })),
    taken: await attempt(() => Account.create({ Name: 'x', ERP__c: '1' })),
    choices: await attempt(() => Account.upsert({ Loose__c: 'x', Name: 'C' }, 'Loose__c')),
    nothing: await attempt(() => conn.request('/nothing/here')),
    verb: await attempt(() => conn.requestPut('/sobjects/Account', {})),
    json: await attempt(() => conn.request({ method: 'POST', url: '/sobjects/Account', body: '{"Name":', headers: { 'content-type': 'application/json' } })),
    search: await attempt(() => conn.search('FIND {zebra} RETURNING Nope__c')),
    locator: await attempt(() => conn.queryMore('0r8xx000000000000A-2000')),
    dead: await attempt(() => dead.query('SELECT Id FROM Account')),
  };
}

async function composites({ conn }) {
  const composite = await conn.requestPost('/composite', {
    allOrNone: true,
    compositeRequest: [
      { method: 'POST', url: `/services/data/v${conn.version}/sobjects/Account`, referenceId: 'parent', body: { Name: 'Parent' } },
      { method: 'POST', url: `/services/data/v${conn.version}/sobjects/Contact`, referenceId: 'child', body: { LastName: 'Child', AccountId: '@{parent.id}' } },
      { method: 'GET', url: `/services/data/v${conn.version}/sobjects/Contact/@{child.id}?fields=Id,LastName`, referenceId: 'read' },
    ],
  });
  const batch = await conn.requestPost('/composite/batch', { batchRequests: [
    { method: 'GET', url: `v${conn.version}/query?q=SELECT+Name+FROM+Account` },
    { method: 'GET', url: `v${conn.version}/nothing` },
  ] });
  const tree = await conn.requestPost('/composite/tree/Account', { records: [
    { attributes: { type: 'Account', referenceId: 'a1' }, Name: 'Tree', Contacts: { records: [{ attributes: { type: 'Contact', referenceId: 'c1' }, LastName: 'Leaf' }] } },
  ] });
  return { composite, batch, tree };
}

// program: the org is another process.
async function program({ conn }) {
  const first = await conn.query('SELECT Id FROM Account');
  await conn.sobject('Account').create({ Name: 'One more' });
  const made = await conn.sobject('Account').count();
  return { first: first.totalSize, made, limit: conn.limitInfo.apiUsage.limit };
}

module.exports = { program, queries, records, collections, describes, searches, replication, errors, composites };
