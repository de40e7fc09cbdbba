"""Bounds of figures and patterns, told wherever a row is saved; no column changes."""

import gateway.models.figures
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('gateway', '0006_fewer_indexes'),
    ]

    operations = [
        migrations.AlterField(
            model_name='apikey',
            name='model_patterns',
            field=models.JSONField(blank=True, default=list, help_text='Patterns of public names, such as gpt-*; none allows every route.', validators=[gateway.models.figures.are_patterns], verbose_name='models'),
        ),
        migrations.AlterField(
            model_name='budget',
            name='limit_microusd',
            field=models.PositiveBigIntegerField(validators=[gateway.models.figures.Between(1, 9007199254740991)], verbose_name='limit, micro-USD'),
        ),
        migrations.AlterField(
            model_name='faultrule',
            name='probability',
            field=models.FloatField(default=1.0, validators=[gateway.models.figures.Between(0, 1)], verbose_name='probability'),
        ),
        migrations.AlterField(
            model_name='faultrule',
            name='seconds',
            field=models.FloatField(default=0.0, validators=[gateway.models.figures.Between(0, 86400)], verbose_name='seconds'),
        ),
        migrations.AlterField(
            model_name='limit',
            name='amount',
            field=models.PositiveBigIntegerField(validators=[gateway.models.figures.Between(1, 9007199254740991)], verbose_name='amount'),
        ),
        migrations.AlterField(
            model_name='limit',
            name='burst',
            field=models.PositiveBigIntegerField(default=0, help_text='The most a bucket saves up; 0 means the amount.', validators=[gateway.models.figures.Between(0, 9007199254740991)], verbose_name='burst'),
        ),
        migrations.AlterField(
            model_name='limit',
            name='window_seconds',
            field=models.FloatField(default=60.0, validators=[gateway.models.figures.Between(0.001, 2678400)], verbose_name='window, seconds'),
        ),
        migrations.AlterField(
            model_name='provider',
            name='connect_seconds',
            field=models.FloatField(blank=True, null=True, validators=[gateway.models.figures.Between(0, 86400)], verbose_name='connect deadline, seconds'),
        ),
        migrations.AlterField(
            model_name='provider',
            name='first_seconds',
            field=models.FloatField(blank=True, null=True, validators=[gateway.models.figures.Between(0, 86400)], verbose_name='first content deadline, seconds'),
        ),
        migrations.AlterField(
            model_name='provider',
            name='idle_seconds',
            field=models.FloatField(blank=True, null=True, validators=[gateway.models.figures.Between(0, 86400)], verbose_name='idle deadline, seconds'),
        ),
        migrations.AlterField(
            model_name='provider',
            name='n_places',
            field=models.PositiveIntegerField(default=64, help_text='The most calls in flight, over all processes.', validators=[gateway.models.figures.Between(1, 2147483647)], verbose_name='places'),
        ),
        migrations.AlterField(
            model_name='provider',
            name='total_seconds',
            field=models.FloatField(blank=True, null=True, validators=[gateway.models.figures.Between(0, 86400)], verbose_name='total deadline, seconds'),
        ),
        migrations.AlterField(
            model_name='provider',
            name='wait_seconds',
            field=models.FloatField(default=30.0, validators=[gateway.models.figures.Between(0, 86400)], verbose_name='wait for a place, seconds'),
        ),
        migrations.AlterField(
            model_name='route',
            name='cache_seconds',
            field=models.FloatField(default=0.0, help_text='How long an identical request of the same tenant gets the same answer.', validators=[gateway.models.figures.Between(0, 86400)], verbose_name='cache, seconds'),
        ),
        migrations.AlterField(
            model_name='route',
            name='connect_seconds',
            field=models.FloatField(blank=True, null=True, validators=[gateway.models.figures.Between(0, 86400)], verbose_name='connect deadline, seconds'),
        ),
        migrations.AlterField(
            model_name='route',
            name='first_seconds',
            field=models.FloatField(blank=True, null=True, validators=[gateway.models.figures.Between(0, 86400)], verbose_name='first content deadline, seconds'),
        ),
        migrations.AlterField(
            model_name='route',
            name='hedge_after_seconds',
            field=models.FloatField(blank=True, help_text='Ask a second target when the first is silent this long; the loser is closed.', null=True, validators=[gateway.models.figures.Between(0.05, 86400)], verbose_name='hedge after, seconds'),
        ),
        migrations.AlterField(
            model_name='route',
            name='idle_seconds',
            field=models.FloatField(blank=True, null=True, validators=[gateway.models.figures.Between(0, 86400)], verbose_name='idle deadline, seconds'),
        ),
        migrations.AlterField(
            model_name='route',
            name='n_attempts',
            field=models.PositiveSmallIntegerField(default=5, validators=[gateway.models.figures.Between(1, 50)], verbose_name='attempts in all'),
        ),
        migrations.AlterField(
            model_name='route',
            name='n_retries',
            field=models.PositiveSmallIntegerField(default=2, validators=[gateway.models.figures.Between(0, 10)], verbose_name='retries per target'),
        ),
        migrations.AlterField(
            model_name='route',
            name='total_seconds',
            field=models.FloatField(blank=True, null=True, validators=[gateway.models.figures.Between(0, 86400)], verbose_name='total deadline, seconds'),
        ),
        migrations.AlterField(
            model_name='routetarget',
            name='quality',
            field=models.FloatField(default=0.5, validators=[gateway.models.figures.Between(0, 1)], verbose_name='quality'),
        ),
        migrations.AlterField(
            model_name='routetarget',
            name='weight',
            field=models.PositiveSmallIntegerField(default=1, validators=[gateway.models.figures.Between(0, 10000)], verbose_name='weight'),
        ),
        migrations.AlterField(
            model_name='tenant',
            name='weight',
            field=models.PositiveSmallIntegerField(default=1, help_text='Twice the share is served twice as often when everybody waits.', validators=[gateway.models.figures.Between(1, 1000)], verbose_name='share of the queue'),
        ),
    ]
