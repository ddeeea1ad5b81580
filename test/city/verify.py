#!/usr/bin/env python3
"""Second reading of a generated city: from the files back to the truth.

    verify.py DIR

The generator computes the truth from its model.  This script takes the other
way: it decodes the delivered extracts, leaves out the rows that truth_reject
names, repairs broken numbers, and judges everybody again by design.md §11.
Whatever differs from truth_person, truth_problem or truth_batch is printed, and
the exit status is 1.  A difference is an error of the generator (a file does not
say what the model means) or of one of the two readings.

Not read again: problems of numbers, names, ages and birth items (ID, DP, HK02),
the rules of NOT_READ, truth_coverage.
"""
import calendar
import collections
import csv
import datetime
import os
import sys

DELTA = {'civil_affairs_death', 'justice_prison', 'army', 'abroad', 'national_enrolment'}
SCHEMES = {'110': 'P1', '120': 'P3', '170': 'P2', '150': 'P2', '210': 'U', '310': 'M1', '380': 'M3', '390': 'M2',
           '391': 'M2', '410': 'W', '510': 'B', 'M3': 'M3'}
ORDER = ['P1', 'P2', 'P3', 'M1', 'M2', 'M3', 'U', 'W', 'B']
HOME = ('3404', '341521', '342422')
KINDS = {'P': 'pension', 'M': 'medical', 'U': 'unemployment', 'W': 'injury', 'B': 'maternity'}
KIND_ORDER = list(KINDS.values())
WEIGHTS = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]
NOT_READ = {'PN15', 'PN17', 'PN18', 'PN19', 'UW01', 'UW02', 'UW04', 'UW05', 'UW07', 'UW10', 'BN05', 'BN08', 'BN14'}
JUDGED = {'HK03', 'HK04', 'HK05', 'HK08', 'HK10', 'HK12', 'ID15'}


def check_character(digits):
    return '10X98765432'[sum(int(d) * w for d, w in zip(digits, WEIGHTS)) % 11]


def plain_number(text):
    """The number under blanks, widths, letters for digits, and the 15-digit form."""
    text = text.translate(str.maketrans('０１２３４５６７８９Ｘ', '0123456789X'))
    text = text.replace(' ', '').replace("'", '').replace('\t', '').upper().replace('O', '0').replace('L', '1')
    if len(text) == 15:
        body = text[:6] + '19' + text[6:]
        return body + check_character(body)
    return text


def is_number(text):
    if len(text) != 18 or not text[:17].isdigit() or check_character(text) != text[17]:
        return False
    try:
        datetime.date(int(text[6:10]), int(text[10:12]), int(text[12:14]))
    except ValueError:
        return False
    return True


def one_edit_away(text):
    found = set()
    for i in range(len(text)):
        found.update(text[:i] + c + text[i + 1:] for c in '0123456789X')
        found.add(text[:i] + text[i + 1:])
        if i + 1 < len(text):
            found.add(text[:i] + text[i + 1] + text[i] + text[i + 2:])
    for i in range(len(text) + 1):
        found.update(text[:i] + c + text[i:] for c in '0123456789X')
    return {t for t in found if is_number(t)}


def plain_date(text):
    if text in ('99991231', '0000-00-00', '9999-12-31'):
        return ''
    if len(text) == 5:
        return (datetime.date(1899, 12, 30) + datetime.timedelta(int(text))).strftime('%Y%m%d')
    return text.replace('-', '')


def month(text):
    """yyyymm as a running number, 0 when empty."""
    return int(text[:4]) * 12 + int(text[4:6]) - 1 if text else 0


def span(first, last):
    return set(range(first, last + 1))


class Delivery:
    def __init__(self, base, name):
        self.base, self.name = base, name
        self.sources = {}
        for order, source, cutoff, file_name, encoding in self.table('manifest'):
            self.sources[source] = (file_name, 'utf-8-sig' if encoding == 'UTF-8' else 'gb18030')
            self.cutoff = cutoff
        self.rejects = {(source, int(line)): (code, state) for source, line, code, state in self.table('truth_reject')}
        self.date = int(self.cutoff.replace('-', ''))
        self.month = month(self.cutoff.replace('-', ''))

    def table(self, name):
        with open(f'{self.base}/{self.name}/{name}.tsv', encoding='utf-8') as file:
            return [line.rstrip('\n').split('\t') for line in list(file)[1:]]

    def rows(self, source):
        """Accepted rows by row key, and the counts of the batch."""
        file_name, encoding = self.sources[source]
        with open(f'{self.base}/{self.name}/{file_name}', 'rb') as file:
            lines = file.read().decode(encoding, errors='replace').split('\r\n')
        width = lines[0].count(',') + 1
        counts = collections.Counter()
        rows = {}
        for line_no, line in enumerate(lines[1:-1], start=2):
            counts['received'] += 1
            code, state = self.rejects.get((source, line_no), ('', ''))
            if code and state != 'repaired':
                counts['rejected'] += 1
                continue
            row = next(csv.reader([line]))
            if len(row) != width:
                raise SystemExit(f'{self.name}/{source}:{line_no} has {len(row)} fields')
            if not code and width != 9 or source == 'national_enrolment':
                row[0] = plain_number(row[0])
            if width == 6:
                row[3], row[4] = plain_date(row[3]), plain_date(row[4])
            elif width == 18 and row[10] in ('999912', '000000'):
                row[10] = ''
            if width == 17 or source == 'employer_registry':
                key = row[0]
            elif source == 'national_enrolment':
                key = (row[0], row[2], row[3], row[6])
            elif width == 6:
                key = (row[0], row[2], row[3])
            else:
                key = (row[3] or row[0], row[2], row[6], row[4], row[9])
            if key in rows:
                if rows[key] != row:
                    raise SystemExit(f'{self.name}/{source}:{line_no} differs from its twin and is not refused')
                counts['unchanged'] += 1
            rows[key] = row
        return rows, counts


class Difference:
    count = 0

    @classmethod
    def report(cls, *words):
        cls.count += 1
        if cls.count <= 30:
            print(*words)


def verify_counts(deliveries):
    names = ('received', 'rejected', 'unchanged', 'inserted', 'changed', 'ended')
    truth = {d.name: {row[0]: [int(n) for n in row[1:]] for row in d.table('truth_batch')} for d in deliveries.values()}
    for source in deliveries['1'].sources:
        first, counts = deliveries['1'].rows(source)
        counts['inserted'] = len(first)
        found = {'1': counts}
        if '2' in deliveries:
            second, counts = deliveries['2'].rows(source)
            for key, row in second.items():
                counts['inserted' if key not in first else 'unchanged' if first[key] == row else 'changed'] += 1
            if source not in DELTA:
                counts['ended'] = sum(key not in second for key in first)
            found['2'] = counts
            fresh, counts = deliveries['fresh'].rows(source)
            counts['inserted'] = len(fresh)
            found['fresh'] = counts
            if fresh != ({**first, **second} if source in DELTA else second):
                Difference.report(source, 'fresh is not what the two deliveries say together')
        for name, counts in found.items():
            if truth[name][source] != [counts[n] for n in names]:
                Difference.report('batch', name, source, 'truth', truth[name][source], 'files', [counts[n] for n in names])


class Register:
    """What a registry should know after a delivery; delta lists come from whole."""

    def __init__(self, delivery, whole):
        self.delivery = delivery
        self.people = {}
        for source in ('police_household', 'police_migrant'):
            for row in delivery.rows(source)[0].values():
                self.people[row[0]] = (source, row)
        self.enrolments = collections.defaultdict(list)
        self.lists = collections.defaultdict(list)
        self.elsewhere = collections.defaultdict(list)
        self.injury_paid = set()
        for source in delivery.sources:
            if source.startswith('police') or source == 'employer_registry':
                continue
            for row in (whole if source in DELTA else delivery).rows(source)[0].values():
                number = self.repaired(row)
                if source == 'national_enrolment':
                    self.elsewhere[number].append(row)
                elif len(row) == 6:
                    self.lists[number].append((source, row[2], int(row[3]), int(row[4] or 99999999)))
                else:
                    self.enrolments[number].append(self.enrolment(source, row))

    def repaired(self, row):
        if is_number(row[0]):
            return row[0]
        fits = [n for n in one_edit_away(row[0]) if n in self.people and self.people[n][1][1] == row[1]]
        if len(fits) != 1:
            raise SystemExit(f'{row[0]} {row[1]} should be repaired, but {len(fits)} people fit')
        return fits[0]

    def enrolment(self, source, row):
        now = self.delivery.month
        e = {'scheme': None if row[2] == '410' and source.startswith('medical') else SCHEMES[row[2]], 'employer': row[4],
             'area': row[6][:6], 'agency': row[6], 'status': row[7], 'pay': row[8], 'start': month(row[9]), 'end': month(row[10]),
             'through': month(row[11]), 'benefit': row[12], 'from': month(row[13]), 'to': month(row[14]),
             'monthly': round(float(row[15] or 0) * 100), 'identity': row[16]}
        e['paying'] = bool(e['scheme'] and e['status'] == '1' and e['pay'] == '1' and e['start'] <= now and
                           (not e['end'] or e['end'] >= now) and (not e['through'] or e['through'] >= now - 2))
        e['paid'] = span(e['start'], min(m for m in (now, e['end'], e['through']) if m))
        e['drawn'] = span(e['from'], min(now, e['to'] or now)) if e['benefit'] != '0' and e['from'] and \
            (e['benefit'] == '1' or e['to']) else set()
        if e['scheme'] == 'W' and e['paying']:
            self.injury_paid.add(e['employer'])
        return e

    def holding(self, number):
        return [entry for entry in self.lists[number] if entry[2] <= self.delivery.date <= entry[3]]

    def life(self, number):
        known = 90
        source, row = self.people.get(number, (None, None))
        if row:
            known = {'正常': 10 if source == 'police_household' else 11, '死亡': 20,
                     '迁出': 30 if row[14] == '迁往省内' else 31,
                     '注销': {'参军': 40, '逮捕': 41, '出国定居': 33, '加入外国国籍': 34}.get(row[14], 32)}[row[12]]
        holding = {(source, kind) for source, kind, _, _ in self.holding(number)}
        sources = {source for source, _ in holding}
        facts = [20 if known == 20 else 0, 21 if 'civil_affairs_death' in sources else 0,
                 34 if known == 34 or ('abroad', '取得外国国籍') in holding else 0,
                 33 if known == 33 or ('abroad', '出国定居') in holding else 0,
                 known if known in (30, 31, 32) else 0, 40 if known == 40 or 'army' in sources else 0,
                 41 if known == 41 or ('justice_prison', '服刑') in holding else 0]
        return next((fact for fact in facts if fact), known)

    def age(self, number):
        birth, date = int(number[6:14]), self.delivery.date
        return date // 10000 - birth // 10000 - (date % 10000 < birth % 10000)

    def person(self, number):
        now = self.delivery.month
        rows = [e for e in self.enrolments[number] if e['scheme'] and e['status'] != '4']
        paying = {e['scheme'] for e in rows if e['paying']}
        receiving = {e['scheme'] for e in rows if e['benefit'] == '1' and now in e['drawn']}
        halted = {e['scheme'] for e in rows if '2' in (e['status'], e['pay'])}
        behind = {e['scheme'] for e in rows if e['status'] == e['pay'] == '1' and e['through'] and e['through'] <= now - 3}
        paused = (halted | (behind - receiving)) - paying
        away = {SCHEMES[r[2]] for r in self.elsewhere[number] if r[4] == r[5] == '1' and not r[3].startswith(HOME)}
        life = self.life(number)
        work = [e for e in rows if e['paying'] and not e['end'] and e['identity'] == '1']
        office = [e for e in work if e['scheme'] == 'P3']
        due, name = set(), None
        if 20 <= life <= 34:
            name = 'gone'
        elif life in (40, 41):
            name = 'exempt'
        elif life == 90:
            name = 'unknown'
        elif receiving & {'P1', 'P3'}:
            due, work = {'pension', 'medical'}, []
        elif office:
            due = {'pension', 'medical', 'maternity'}
            if any(e['employer'] in self.injury_paid for e in office):
                due.add('injury')
        elif work:
            due = set(KIND_ORDER)
        elif self.age(number) < 16 or life == 11 or any(entry[0] == 'school' for entry in self.holding(number)):
            due = {'medical'}
        else:
            due = {'pension', 'medical'}
        gap, only_away, interrupted = set(), False, False
        for kind in due:
            good = {s for s in ORDER if KINDS[s[0]] == kind}
            if kind == 'pension' and work:
                good = {'P1', 'P3'}
            elif kind == 'maternity':
                good = {'B', 'M1'}
            if not good & (paying | receiving | away):
                gap.add(kind)
                interrupted |= any(KINDS[s[0]] == kind for s in paused)
            elif not good & (paying | receiving):
                only_away = True
        if name is None:
            name = 'not_due' if not due else ('elsewhere' if only_away else 'enrolled') if not gap else \
                'interrupted' if interrupted else 'partial' if gap != due else 'unenrolled'
        if number in self.people:
            row = self.people[number][1]
            territory = row[8] if row[8].startswith('3404') else row[6]
        else:
            newest = max(self.enrolments[number], key=lambda e: e['start'], default=None)
            territory = newest['agency'] if newest else '340400'
        planes = [','.join(s for s in ORDER if s in plane) for plane in (paying, receiving, paused, away)]
        kinds = [','.join(k for k in KIND_ORDER if k in set_) for set_ in (due, gap)]
        self.state = (life, due, paying | receiving | paused)
        return [name, *planes, *kinds, str(life), territory]

    PAID_PAIRS = {('P1', 'P2'): 'PN02', ('P1', 'P3'): 'PN03', ('P2', 'P3'): 'PN05', ('M2', 'M3'): 'MD07'}
    PAID_TWICE = {'P1': 'PN01', 'P2': 'PN04', 'P3': 'PN06', 'M1': 'MD01'}
    DRAWN_PAIRS = {('P1', 'P2'): 'PN07', ('P2', 'P3'): 'PN08', ('P1', 'P3'): 'PN11', ('P1', 'U'): 'UW03',
                   ('P2', 'U'): 'UW03', ('P3', 'U'): 'UW03'}

    def medical_rule(self, rows, employee, resident, last):
        year_end = resident['end'] or resident['through']
        if resident['start'] % 12 in (0, 8) and year_end == resident['start'] + 11 and employee['start'] > resident['start']:
            return 'MD14'
        if employee['identity'] == '2':
            return 'MD04'
        months = set().union(*(e['paid'] for e in rows if e['scheme'] == 'M1'))
        return 'MD02' if len(months & span(last - 23, last)) >= 12 else 'MD03'

    def doubles(self, number, found):
        rows = [e for e in self.enrolments[number] if e['scheme']]
        for i, one in enumerate(rows):
            for other in rows[i + 1:]:
                a, b = sorted((one, other), key=lambda e: ORDER.index(e['scheme']))
                pair = (a['scheme'], b['scheme'])
                both = a['paid'] & b['paid']
                rule = None
                if both and pair[0] == pair[1]:
                    rule = None if a['area'] == b['area'] else self.PAID_TWICE.get(pair[0])
                    if pair[0] == 'M2' and a['area'] != b['area']:
                        rule = 'MD06' if self.age(number) < 18 or '4' in (a['identity'], b['identity']) else 'MD05'
                elif both and pair[0] == 'M1' and pair[1] in ('M2', 'M3'):
                    rule = self.medical_rule(rows, a, b, max(both))
                elif both:
                    rule = self.PAID_PAIRS.get(pair)
                if rule:
                    found[rule] |= both
                both = a['drawn'] & b['drawn']
                if both and pair in self.DRAWN_PAIRS:
                    found[self.DRAWN_PAIRS[pair]] |= both
                elif both and pair[0] == pair[1] and pair[0] in ('P1', 'P2') and a['area'] != b['area']:
                    found['PN10' if pair[0] == 'P1' else 'PN09'] |= both
                for x, y in ((a, b), (b, a)):
                    both = x['drawn'] & y['paid']
                    if both and x['scheme'] in ('P1', 'P3') and y['scheme'] == 'P2':
                        found['PN12'] |= both
                    if both and x['scheme'] == 'P2' and y['scheme'] == 'P1':
                        found['PN13'] |= both

    def benefits(self, number, life, found, amounts):
        deaths = [entry[2] for entry in self.holding(number) if entry[0] == 'civil_affairs_death']
        death = self.people[number][1][13] if life == 20 else str(min(deaths)) if life == 21 else None
        sentences = [entry for entry in self.lists[number] if entry[:2] == ('justice_prison', '服刑')]
        for e in self.enrolments[number]:
            after = {m for m in e['drawn'] if death and m > month(plain_date(death))}
            inside = set()
            for m in e['drawn'] if sentences and e['scheme'] != 'U' else ():
                first = m // 12 * 10000 + (m % 12 + 1) * 100 + 1
                last = first - 1 + calendar.monthrange(m // 12, m % 12 + 1)[1]
                if any(begin <= first and last <= end for _, _, begin, end in sentences):
                    inside.add(m)
            for rule, months in (('BN01', after), ('BN03', inside)):
                if months:
                    found[rule] |= months
                    amounts[rule] += len(months) * e['monthly']

    def problems(self, number):
        life, due, planes = self.state
        row = self.people.get(number, (None, None))[1]
        found = collections.defaultdict(set)
        amounts = collections.Counter()
        if not 20 <= life <= 34:
            self.doubles(number, found)
        self.benefits(number, life, found, amounts)
        flags = {'HK04': row and planes and life == 20, 'HK05': row and planes and life in (30, 31),
                 'HK08': row and planes and life in (33, 34) and row[12] == '注销',
                 'HK10': life == 10 and due and not self.enrolments[number] and not self.elsewhere[number],
                 'HK12': not row and self.enrolments[number],
                 'HK03': not row and (self.lists[number] or self.elsewhere[number]),
                 'ID15': row and {'1': 1, '男': 1, '2': 0, '女': 0}[row[3]] != int(number[16]) % 2}
        for rule, months in found.items():
            amount = f'{amounts[rule] // 100}.{amounts[rule] % 100:02d}' if rule in amounts else ''
            yield rule, number, str(len(months)), amount
        for rule, raised in flags.items():
            if raised:
                yield rule, number, '', ''


def verify_people(delivery, whole):
    register = Register(delivery, whole)
    truth = {row[0]: row[1:] for row in delivery.table('truth_person')}
    known = set(register.people) | set(register.enrolments) | set(register.lists) | set(register.elsewhere)
    problems = collections.Counter()
    for number in sorted(known):
        found = register.person(number)
        if truth.get(number) != found:
            Difference.report('person', delivery.name, number, 'truth', truth.get(number), 'files', found)
        problems.update(register.problems(number))
    for number in truth.keys() - known:
        Difference.report('person', delivery.name, number, 'stands in no file')
    expected = collections.Counter(tuple(row[:4]) for row in delivery.table('truth_problem')
                                   if row[0] in JUDGED or row[0][:2] in ('PN', 'MD', 'UW', 'BN') and row[0] not in NOT_READ)
    for problem in (expected - problems).keys():
        Difference.report('problem', delivery.name, 'in the truth only', problem)
    for problem in (problems - expected).keys():
        Difference.report('problem', delivery.name, 'in the files only', problem)
    print(f'{delivery.name}: {len(known)} people, {sum(problems.values())} problems')


def main():
    base = sys.argv[1]
    deliveries = {'1': Delivery(base, '1')}
    if os.path.isdir(f'{base}/2'):
        deliveries.update({name: Delivery(base, name) for name in ('2', 'fresh')})
    verify_counts(deliveries)
    for name, delivery in deliveries.items():
        verify_people(delivery, deliveries['fresh'] if name == '2' else delivery)
    print(f'{Difference.count} differences')
    sys.exit(Difference.count > 0)


main()
