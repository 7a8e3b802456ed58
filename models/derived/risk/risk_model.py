"""One row per term of the risk model (F 4.7): a logistic regression that gives the chance of an emergency admission
within 12 months. Coefficients are rows, so that scoring is SQL. Made again only when risk_training changed; the same
rows give the same model. No rows where there is too little to learn from.
"""

FOLDS = 5
INVERSE_PENALTIES = (0.001, 0.003, 0.01, 0.1, 1.0)
FEWEST_EVENTS = 100
RARE = 10  # A term that fewer people have is left out.
NOT_TERMS = ("person_id", "train_date", "sample_order", "had_emergency_admission")
DIGITS = 9


def model(dbt, session):
    dbt.config(materialized="table")
    training = dbt.ref("risk_training")
    columns = training.order("sample_order, person_id").fetchnumpy()
    return as_table(learn(columns))


def learn(columns):
    """Rows of the model, from columns of training rows in their order; [] where too few people were admitted."""
    import numpy

    outcome = numpy.asarray(columns["had_emergency_admission"], dtype=bool)
    events = int(outcome.sum())
    if events < FEWEST_EVENTS or len(outcome) - events < FEWEST_EVENTS:
        return []
    from threadpoolctl import threadpool_limits

    terms = [name for name in columns if name not in NOT_TERMS]
    values = numpy.column_stack([numpy.asarray(columns[name], dtype=float) for name in terms])
    means, deviations = values.mean(axis=0), values.std(axis=0)
    differ = (values != numpy.median(values, axis=0)).sum(axis=0)
    used = (deviations > 0) & (differ >= RARE)
    scaled = (values[:, used] - means[used]) / deviations[used]
    # One thread: sums come out the same on every machine, and threads do not wait for each other on a busy one.
    with threadpool_limits(1):
        inverse_penalty, log_odds = chosen_penalty(scaled, outcome)
        shift, slope = recalibration(log_odds, outcome)
        fitted = regression(inverse_penalty).fit(scaled, outcome)
    coefficients = numpy.zeros(len(terms))
    coefficients[used] = slope * fitted.coef_[0] / deviations[used]
    intercept = shift + slope * fitted.intercept_[0] - float((coefficients * means).sum())
    train_date = str(columns["train_date"][0])[:10]
    shared = {
        "model_version": version(train_date, terms, coefficients, intercept),
        "train_date": train_date,
        "training_people": len(outcome),
        "training_admitted": events,
        "inverse_penalty": inverse_penalty,
        "recalibration_slope": round(slope, DIGITS),
    }
    rows = [{"term": "intercept", "coefficient": intercept, "training_mean": 1.0, "is_used": True}]
    rows += [
        {"term": name, "coefficient": coefficient, "training_mean": mean, "is_used": bool(is_used)}
        for name, coefficient, mean, is_used in zip(terms, coefficients, means, used, strict=True)
    ]
    for row in rows:
        row["coefficient"] = round(float(row["coefficient"]), DIGITS)
        row["training_mean"] = round(float(row["training_mean"]), DIGITS)
    return [shared | row for row in rows]


def regression(inverse_penalty):
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(C=inverse_penalty, solver="newton-cholesky", tol=1e-10, max_iter=200)


def chosen_penalty(scaled, outcome):
    """The penalty with the smallest loss on people whom a fit had not seen, and the log odds that it gave them."""
    import numpy

    fold = numpy.arange(len(outcome)) % FOLDS
    best = None
    for inverse_penalty in INVERSE_PENALTIES:
        log_odds = numpy.empty(len(outcome))
        for number in range(FOLDS):
            fitted = regression(inverse_penalty).fit(scaled[fold != number], outcome[fold != number])
            log_odds[fold == number] = fitted.decision_function(scaled[fold == number])
        loss = float(numpy.logaddexp(0, numpy.where(outcome, -log_odds, log_odds)).mean())
        if best is None or loss < best[0]:
            best = (loss, inverse_penalty, log_odds)
    return best[1], best[2]


def recalibration(log_odds, outcome):
    """(intercept, slope) that make predictions for people whom the model has not seen come true."""
    fitted = regression(1e6).fit(log_odds.reshape(-1, 1), outcome)
    return float(fitted.intercept_[0]), float(fitted.coef_[0][0])


def version(train_date, terms, coefficients, intercept):
    """Known by its training date and its content, to six decimals: the same on every machine."""
    import hashlib

    said = [f"{intercept:.6f}", *(f"{name} {value:.6f}" for name, value in zip(terms, coefficients, strict=True))]
    return f"EA12-{train_date.replace('-', '')}-{hashlib.sha256(chr(10).join(said).encode()).hexdigest()[:8]}"


def as_table(rows):
    """Always with the same columns and types, so that what reads it builds without a model too."""
    import datetime

    import pyarrow

    schema = pyarrow.schema(
        [
            ("model_version", pyarrow.string()),
            ("term", pyarrow.string()),
            ("coefficient", pyarrow.float64()),
            ("training_mean", pyarrow.float64()),
            ("is_used", pyarrow.bool_()),
            ("train_date", pyarrow.date32()),
            ("training_people", pyarrow.int32()),
            ("training_admitted", pyarrow.int32()),
            ("inverse_penalty", pyarrow.float64()),
            ("recalibration_slope", pyarrow.float64()),
        ]
    )
    dated = [row | {"train_date": datetime.date.fromisoformat(row["train_date"])} for row in rows]
    return pyarrow.Table.from_pylist(dated, schema=schema)
