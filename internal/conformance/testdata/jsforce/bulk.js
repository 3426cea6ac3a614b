'use strict';

async function bulk2Ingest({ conn, attempt }) {
  const load = (operation, input, more) => conn.bulk2.loadAndWaitForResults({ object: 'Account', operation, input, pollInterval: 50, pollTimeout: 20000, ...more });
  const inserted = await load('insert', [
    { Name: 'One', ERP__c: '1', NumberOfEmployees: 1, Site: 'Bern, "West"' },
    { Name: 'Two', ERP__c: '2', NumberOfEmployees: 2, Site: 'two\nlines' },
    { Name: 'Bad', ERP__c: '3', NumberOfEmployees: -1, Site: '' },
  ]);
  const csv = await load('insert', 'Name,ERP__c\nFrom text,T1\nFrom text,T2\n');
  const id = inserted.successfulResults.find((r) => r.ERP__c === '1').sf__Id;
  const updated = await load('update', [{ Id: id, Site: null, NumberOfEmployees: 11 }]); // null becomes #N/A, which clears
  const upserted = await load('upsert', [{ ERP__c: '1', Name: 'One again' }, { ERP__c: '9', Name: 'Nine' }], { externalIdFieldName: 'ERP__c' });
  const deleted = await load('delete', csv.successfulResults.map((r) => ({ Id: r.sf__Id })));
  const job = conn.bulk2.createJob({ object: 'Account', operation: 'insert' });
  const info = await job.open();
  await job.uploadData('Name\nNever\n');
  await job.abort();
  const aborted = await job.check();
  await job.delete();
  const gone = await attempt(() => job.check());
  const unknown = await attempt(() => load('insert', [{ Nonsense: 'x' }]));
  return { inserted, csv, updated, upserted, deleted, info, aborted, gone, unknown, id };
}

async function bulk2Query({ conn, collect, attempt }) {
  const rows = await collect(await conn.bulk2.query('SELECT Id, Name, NumberOfEmployees FROM Account', { pollInterval: 50, pollTimeout: 20000 }));
  const all = await collect(await conn.bulk2.query('SELECT Id, IsDeleted FROM Account', { scanAll: true, pollInterval: 50, pollTimeout: 20000 }));
  const refused = await attempt(() => conn.bulk2.query('SELECT Id FROM Nope__c'));
  return { rows: rows.length, row: rows.find((r) => r.Name === 'Account 00007'), all: all.length, deleted: all.filter((r) => r.IsDeleted === 'true').length, refused };
}

// The first Bulk API: jobs and batches of XML and CSV.
async function bulk1({ conn, collect, attempt }) {
  const inserted = await conn.bulk.load('Account', 'insert', [
    { Name: 'One', ERP__c: '1', NumberOfEmployees: 1, Site: 'Bern, "West"' },
    { Name: 'Bad', ERP__c: '2', NumberOfEmployees: -1 },
    { Name: 'Two', ERP__c: '3', NumberOfEmployees: 3 },
  ]);
  const upserted = await conn.bulk.load('Account', 'upsert', { extIdField: 'ERP__c' }, [{ ERP__c: '1', Name: 'One again' }, { ERP__c: '9', Name: 'Nine' }]);
  const updated = await conn.sobject('Account').update([{ Id: inserted[0].id, Site: 'Basel' }]);
  const cleared = await conn.bulk.load('Account', 'update', [{ Id: inserted[0].id, Site: null }]);
  const rows = await collect(await conn.bulk.query('SELECT Id, Name, ERP__c FROM Account ORDER BY Name'));
  const deleted = await conn.bulk.load('Account', 'delete', [{ Id: inserted[2].id }]);
  const job = conn.bulk.createJob('Account', 'insert');
  const info = await job.open();
  const batch = job.createBatch();
  batch.execute('Name\nBy hand\n');
  await new Promise((resolve, reject) => { batch.on('queue', resolve); batch.on('error', reject); });
  await new Promise((resolve, reject) => { batch.on('response', resolve); batch.on('error', reject); batch.poll(50, 20000); });
  const batches = await job.list();
  const closed = await job.close();
  const malformed = await attempt(() => conn.bulk.load('Account', 'query', 'SELECT Nope FROM Account'));
  const dead = conn.accessToken;
  conn.accessToken = 'dead';
  const expired = await attempt(() => conn.bulk.createJob('Account', 'insert').open());
  conn.accessToken = dead;
  const unknown = await attempt(() => conn.bulk.createJob('Nope__c', 'insert').open());
  return { inserted, upserted, updated, cleared, rows, deleted, info, batches, closed, malformed, expired, unknown };
}

module.exports = { bulk1, bulk2Ingest, bulk2Query };
